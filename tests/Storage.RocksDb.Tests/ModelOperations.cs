using System.Text;

namespace WsStorage.RocksDb.Tests;

/// <summary>What operations do to a dictionary of texts.</summary>
internal static class ModelOperations
{
    public static void Apply(SortedDictionary<string, string> data, ReadOnlySpan<byte> packedOperations)
    {
        foreach (BatchOperation operation in new BatchOperations(packedOperations))
        {
            string key = Encoding.UTF8.GetString(operation.Key);
            string end = Encoding.UTF8.GetString(operation.End);
            switch (operation.Kind)
            {
                case BatchOperationKind.Put:
                    data[key] = Encoding.UTF8.GetString(operation.Value);
                    break;
                case BatchOperationKind.Remove:
                    data.Remove(key);
                    break;
                default:
                    foreach (string inside in data.Keys.Where(k => IsIn(k, key, end)).ToArray())
                    {
                        data.Remove(inside);
                    }

                    break;
            }
        }
    }

    private static bool IsIn(string key, string start, string end) =>
        string.CompareOrdinal(key, start) >= 0 && (end.Length == 0 || string.CompareOrdinal(key, end) < 0);
}
