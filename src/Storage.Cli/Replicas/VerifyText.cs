using System.Text;
using WsStorage.Cli.Text;
using WsStorage.Replica;

namespace WsStorage.Cli.Replicas;

/// <summary>What a comparison has found, in one line.</summary>
internal static class VerifyText
{
    public static string Describe(VerifyResult result, TextForm form) => result.First is { } first
        ? $"different: {result.Differences:N0} of {result.Rows:N0} rows at revision {result.Revision}, the first {Show(first.Key, form)}, which {Describe(first.Kind)}{DescribeMended(result)}"
        : $"equal: {result.Rows:N0} rows at revision {result.Revision}";

    /// <summary>Whether the replica has what its source has, now at the latest.</summary>
    public static bool IsRight(VerifyResult result) => result.Mended == result.Differences;

    private static string DescribeMended(VerifyResult result) => result.Mended > 0 ? $"; {result.Mended:N0} mended" : "";

    private static string Describe(DifferenceKind kind) => kind switch
    {
        DifferenceKind.Missing => "the replica lacks",
        DifferenceKind.Extra => "only the replica has",
        _ => "has another value in the replica",
    };

    private static string Show(byte[] key, TextForm form)
    {
        using var text = new MemoryStream();
        form.WriteField(text, key);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
