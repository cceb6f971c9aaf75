using System.Globalization;
using WsStorage.Replica;
using WsStorage.Robustness.Processes;

namespace WsStorage.Robustness.Replicas;

/// <summary>A replica in a process of its own, in the same directory whenever it is started.</summary>
internal sealed class ReplicaProcess(FollowOptions options) : ChildProcess(FollowVerb.Name, options.ToArgument())
{
    /// <summary>The directory of its copies.</summary>
    public string Directory => options.Directory;

    /// <summary>What it is doing.</summary>
    public async Task<ReplicaReport> ReportAsync() => ReplicaReport.Parse(await AskAsync(FollowVerb.Status));

    /// <summary>Waits until it gets its copy or follows, in the place of only trying to.</summary>
    public async Task<ReplicaReport> UntilLoadingAsync() => ReplicaReport.Parse(await AskAsync(FollowVerb.UntilLoading));

    /// <summary>Waits until its copy is whole and has a revision.</summary>
    public async Task<ReplicaReport> UntilAsync(Revision revision) =>
        ReplicaReport.Parse(await AskAsync(string.Create(CultureInfo.InvariantCulture, $"{FollowVerb.Until} {revision.Value}")));

    /// <summary>Scans its copy.</summary>
    public async Task<StoreDigest> DigestAsync() => StoreDigest.Parse(await AskAsync(FollowVerb.Digest));

    /// <summary>Lets it compare its copy with the source.</summary>
    public async Task<VerifyReport> VerifyAsync() => VerifyReport.Parse(await AskAsync(FollowVerb.Verify));

    /// <summary>Lets it compare its copy with the source, and mend what differs.</summary>
    public async Task<VerifyReport> MendAsync() => VerifyReport.Parse(await AskAsync(FollowVerb.Mend));

    /// <summary>Makes one of its rows other than the source's: the first at or after a key, or one right after it.</summary>
    /// <returns>The row's key.</returns>
    public async Task<byte[]> DamageAsync(DifferenceKind kind, byte[] from) =>
        Convert.FromHexString(await AskAsync($"{FollowVerb.Damage} {kind} {Convert.ToHexString(from)}"));

    /// <summary>The most that it has had in memory since it was started, in bytes.</summary>
    public async Task<long> MeasurePeakAsync() => ProcessMemory.Parse(await AskAsync(ProcessMemory.Peak));

    /// <summary>Deletes what it has, while it does not run.</summary>
    public void Forget()
    {
        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }
}
