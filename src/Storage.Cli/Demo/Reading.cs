namespace WsStorage.Cli.Demo;

/// <summary>One reading of this machine.</summary>
/// <param name="Source">What was read: <c>cpu</c>, <c>memory</c>, <c>disk/sda</c>, <c>network/eth0</c>.</param>
/// <param name="Values">The numbers, by name.</param>
internal sealed record Reading(string Source, IReadOnlyList<KeyValuePair<string, double>> Values);
