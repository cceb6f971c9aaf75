using System.Runtime.CompilerServices;

namespace WsStorage.Robustness.Planted;

/// <summary>Takes the position to go on from for one that is reached later: leaves out the first event after it.</summary>
internal sealed class ResumeTooFar(IExactlyOnceStorage inner) : ExactlyOnceDecorator(inner)
{
    public override IAsyncEnumerable<WatchEvent> WatchAsync(WatchOptions options, CancellationToken cancellationToken = default) =>
        options.After is { Revision.Value: > 0 } ? WithoutFirstAsync(options, cancellationToken) : base.WatchAsync(options, cancellationToken);

    private async IAsyncEnumerable<WatchEvent> WithoutFirstAsync(
        WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool left = false;
        await foreach (WatchEvent told in Inner.WatchAsync(options, cancellationToken).WithCancellation(cancellationToken))
        {
            if (left || told.Kind != WatchEventKind.Changes)
            {
                yield return told;
            }

            left |= told.Kind == WatchEventKind.Changes;
        }
    }
}
