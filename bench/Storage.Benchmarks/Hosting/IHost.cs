using System.Text.Json.Serialization;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>The server's side of a benchmark, in a process of its own.</summary>
internal interface IHost : IAsyncDisposable
{
    /// <summary>Where it listens.</summary>
    HostAddresses Addresses { get; }

    /// <summary>Does what it is asked.</summary>
    /// <param name="question">The question.</param>
    /// <returns>The answer, in a line of JSON.</returns>
    Task<string> AnswerAsync(HostQuestion question);
}

/// <summary>What a host can be asked; a line of JSON.</summary>
[JsonDerivedType(typeof(ReadingsQuestion), "readings")]
[JsonDerivedType(typeof(CompactQuestion), "compact")]
[JsonDerivedType(typeof(EngineQuestion), "engine")]
[JsonDerivedType(typeof(FollowQuestion), "follow")]
[JsonDerivedType(typeof(CopyQuestion), "copy")]
[JsonDerivedType(typeof(StopQuestion), "stop")]
[JsonDerivedType(typeof(TakeQuestion), "take")]
internal abstract record HostQuestion;

/// <summary>What the process has used: <see cref="HostReadings"/>.</summary>
internal sealed record ReadingsQuestion : HostQuestion;

/// <summary>Compacts the store: nothing is answered.</summary>
internal sealed record CompactQuestion : HostQuestion;
