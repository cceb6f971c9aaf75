using System.CommandLine;

namespace WsStorage.Cli.Text;

/// <summary><c>--hex</c> and <c>--base64</c>.</summary>
internal sealed class TextFormOptions
{
    private readonly Option<bool> _hex = new("--hex") { Description = "Keys and values are hexadecimal digits." };
    private readonly Option<bool> _base64 = new("--base64") { Description = "Keys and values are Base64." };

    public void AddTo(Command command)
    {
        command.Add(_hex);
        command.Add(_base64);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_hex) && result.GetValue(_base64))
            {
                result.AddError("--hex and --base64 exclude each other.");
            }
        });
    }

    public TextForm Get(ParseResult parsed) =>
        parsed.GetValue(_hex) ? TextForm.Hex : parsed.GetValue(_base64) ? TextForm.Base64 : TextForm.Utf8;
}
