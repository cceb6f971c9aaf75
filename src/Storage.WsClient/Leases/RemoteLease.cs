using System.Security.Cryptography;
using WsStorage.Leases;

namespace WsStorage.WsClient.Leases;

/// <summary>
/// A lease that a server keeps. The client asks now and then whether its record is still there: an answer proves that the server
/// knew it and its client when the question was sent, so the lease lasts at least its time to live from that moment. When there
/// was no answer for so long, the client takes the lease for ended, whether or not the server does.
/// </summary>
internal sealed class RemoteLease : StorageLease
{
    // Nobody minds if the end of a lease, which should not happen while its client is connected, is noticed this late.
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly WsStorageClient _client;
    private readonly LeaseRequests _requests;
    private readonly TimeProvider _timeProvider;
    private readonly ITimer _timer;
    private long _lastSeen;

    private RemoteLease(
        WsStorageClient client, LeaseRequests requests, TimeProvider timeProvider, ulong id, TimeSpan timeToLive, long lastSeen)
        : base(client, id, timeToLive)
    {
        _client = client;
        _requests = requests;
        _timeProvider = timeProvider;
        _lastSeen = lastSeen;
        _timer = timeProvider.CreateTimer(
            static state => ((RemoteLease)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        OnTimer();
        _ = FollowAsync();
    }

    /// <summary>Asks for a lease.</summary>
    /// <param name="client">The client.</param>
    /// <param name="requests">Its requests.</param>
    /// <param name="timeProvider">Its clock.</param>
    /// <param name="timeToLive">How long the lease is to last while the client is away.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease.</returns>
    public static async ValueTask<StorageLease> GrantAsync(
        WsStorageClient client, LeaseRequests requests, TimeProvider timeProvider, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        if (timeToLive <= TimeSpan.Zero)
        {
            throw StorageException.InvalidArgument($"A lease's time to live is {timeToLive}; it must be more than zero.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        ulong id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
        long asked = timeProvider.GetTimestamp();
        try
        {
            TimeSpan granted = await requests.GrantAsync(id, timeToLive, cancellationToken).ConfigureAwait(false);
            return new RemoteLease(client, requests, timeProvider, id, granted, asked);
        }
        catch (Exception exception) when (LeaseRequests.IsPassing(exception))
        {
            // The server may have granted it: as long as the client is connected nothing else would end it.
            _ = requests.EndInTheEndAsync(id, timeToLive);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask EndAsync()
    {
        if (_client.State != ConnectionState.Connected || !await _requests.TryEndAsync(Id).ConfigureAwait(false))
        {
            _ = _requests.EndInTheEndAsync(Id, TimeToLive);
        }
    }

    /// <inheritdoc/>
    protected override void OnEnded()
    {
        _timer.Dispose();
        base.OnEnded();
    }

    private async Task FollowAsync()
    {
        TimeSpan third = TimeToLive / 3;
        TimeSpan interval = third < LongestInterval ? third : LongestInterval;
        byte[] record = LeaseKeys.Record(Id);
        long asked = Volatile.Read(ref _lastSeen);
        try
        {
            while (true)
            {
                // An answer that came late, over the next connection perhaps, proves little of now: then it is asked again at once.
                TimeSpan wait = interval - _timeProvider.GetElapsedTime(asked);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _timeProvider, Ended).ConfigureAwait(false);
                }

                asked = _timeProvider.GetTimestamp();
                await LookAsync(record, asked).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The lease has ended.
        }
    }

    private async ValueTask LookAsync(byte[] record, long asked)
    {
        try
        {
            if ((await _client.GetAsync(record, Ended).ConfigureAwait(false)).Found)
            {
                Volatile.Write(ref _lastSeen, asked);
            }
            else
            {
                Lose();
            }
        }
        catch (StorageException exception)
        {
            // Without an answer the timer decides; without a client there will be none.
            if (exception.Code == StorageErrorCode.Closed)
            {
                OnEnded();
            }
        }
    }

    private void OnTimer()
    {
        TimeSpan left = TimeToLive - _timeProvider.GetElapsedTime(Volatile.Read(ref _lastSeen));
        if (left > TimeSpan.Zero)
        {
            // Rounded up, so that it is not a little too early, and then once more.
            double wait = Math.Ceiling(Math.Min(left.TotalMilliseconds, LongestWait.TotalMilliseconds));
            _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
            return;
        }

        Lose();
    }

    /// <summary>
    /// Takes the lease for ended, and has it ended: the server may still keep it, or what was bound to it when somebody has taken
    /// its record away, for as long as the client is connected.
    /// </summary>
    private void Lose()
    {
        OnEnded();
        _ = _requests.EndInTheEndAsync(Id, TimeToLive);
    }
}
