using Microsoft.Extensions.Logging;
using WsStorage.Leases;

namespace WsStorage.WsServer.Leases;

/// <summary>
/// Keeps the leases of a store: grants them, and ends those whose session has been away for longer than their time to live. All
/// that has to survive is in the store (<see cref="LeaseKeys"/>); after a restart every lease has its whole time to live again,
/// because its owner may be on its way back. Thread-safe.
/// </summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    /// <summary>How long to wait before what failed is tried again.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private const int MaxRemovalsAtOnce = 16;

    // Less than what timers take, so that the earliest deadline may be any time away.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly IStorage _storage;
    private readonly ISessionPresence _presence;
    private readonly LeaseOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly LeaseTable _table;
    private readonly SemaphoreSlim _removals = new(MaxRemovalsAtOnce);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private readonly long _start;
    private Task<StorageLimits>? _loading;
    private TimeSpan? _loadAgain;
    private Task? _stopped;

    /// <summary>Makes a keeper, which does nothing before it is started or used.</summary>
    public LeaseKeeper(IStorage storage, ISessionPresence presence, LeaseOptions options, TimeProvider timeProvider, ILogger logger)
    {
        _storage = storage;
        _presence = presence;
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        _table = new LeaseTable(options);
        _start = timeProvider.GetTimestamp();
        _timer = timeProvider.CreateTimer(
            static state => ((LeaseKeeper)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        presence.Subscribe(OnPresenceChanged);
    }

    /// <summary>The session of the host application: connected until the keeper stops.</summary>
    public Guid HostSession { get; } = Guid.NewGuid();

    /// <summary>How many leases there are, those that are being ended included.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _table.Count;
            }
        }
    }

    /// <summary>Begins to end what is due. Leases that are asked for do so too.</summary>
    public void Start() => _ = LoadedAsync();

    /// <summary>Ends nothing any more that is not asked for: the server is about to stop, and lets nobody come back.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            _table.IsHeld = true;
            Arm();
        }
    }

    /// <summary>Begins to read the store's leases, if that was not done; completes when they have been read.</summary>
    public Task<StorageLimits> LoadedAsync()
    {
        lock (_gate)
        {
            return _loading ??= Task.Run(LoadAsync);
        }
    }

    /// <summary>The time to live that is granted to those who ask for one.</summary>
    public TimeSpan Bound(TimeSpan timeToLive) => _options.Bound(timeToLive);

    /// <summary>Grants a lease. To ask again for the same one is granted again.</summary>
    /// <param name="session">Whose it is to be.</param>
    /// <param name="id">Its id, chosen at random.</param>
    /// <param name="timeToLive">How long it is to last while its session is away.</param>
    /// <param name="onOver">Told, on any thread, when the lease is over.</param>
    /// <returns>The time to live as granted, once the lease is durable. What is said of the lease by a later call counts as said
    /// later, even if this one has not completed.</returns>
    public async Task<TimeSpan> GrantAsync(Guid session, ulong id, TimeSpan timeToLive, Action? onOver = null)
    {
        KeptLease? lease;
        lock (_gate)
        {
            if (_stopped is not null)
            {
                throw KeptLease.Stopping();
            }

            if (_table.TryGet(id, out lease))
            {
                lease.ExpectGrantableTo(session);
            }
            else
            {
                _table.CheckRoom(session);
                var granted = new KeptLease(id, session, _options.Bound(timeToLive)) { OnOver = onOver };
                _table.Add(granted);
                Age(granted);
                Arm();
                granted.Granting = Task.Run(() => RecordAsync(granted));
                lease = granted;
            }
        }

        await lease.Granting.ConfigureAwait(false);
        return lease.TimeToLive;
    }

    /// <summary>Ends a lease. One that is not there has ended already.</summary>
    /// <param name="session">Who asks.</param>
    /// <param name="id">The lease's id.</param>
    /// <returns>Completes when what was bound to it is removed.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorCode.NotFound"/>: it is another session's. Or the store's own:
    /// then it is tried again later, without being asked.</exception>
    public async Task EndAsync(Guid session, ulong id)
    {
        KeptLease? lease = Find(id);
        if (lease is null && !_stopping.IsCancellationRequested)
        {
            await LoadedAsync().ConfigureAwait(false);
            lease = Find(id);
        }

        if (lease is not null)
        {
            lease.ExpectOwnedBy(session);
            await EndAsync(lease).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the leases of the host, and no others any more: those of clients are left for the next start.</summary>
    /// <returns>Completes when nothing is under way.</returns>
    public Task StopAsync()
    {
        lock (_gate)
        {
            return _stopped ??= Task.Run(StopCoreAsync);
        }
    }

    /// <summary>Stops, if that was not done.</summary>
    /// <returns>Completes when nothing is under way.</returns>
    public ValueTask DisposeAsync() => new(StopAsync());

    private async Task StopCoreAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        KeptLease[] own;
        lock (_gate)
        {
            own = [.. _table.Of(HostSession)];
        }

        await Task.WhenAll(Array.ConvertAll(own, EndQuietlyAsync)).ConfigureAwait(false);
        Task[] running;
        lock (_gate)
        {
            running = [_loading ?? Task.CompletedTask, .. _table.All.Select(lease => lease.Ending ?? Task.CompletedTask)];
        }

        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<StorageLimits> LoadAsync()
    {
        try
        {
            LeaseScan found = await LeaseScan.ReadAsync(_storage, _stopping.Token).ConfigureAwait(false);
            if (found.Leases.Count + found.Remains.Count > 0)
            {
                Log.LeasesLoaded(_logger, found.Leases.Count, found.Remains.Count);
            }

            foreach (ulong id in found.Unreadable)
            {
                Log.LeaseUnreadable(_logger, $"{id:x16}");
            }

            lock (_gate)
            {
                foreach (KeptLease lease in _table.Merge(found, Now()))
                {
                    Age(lease);
                }

                Arm();
            }

            return found.Limits;
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or StorageException { Code: StorageErrorCode.ReadOnly }))
        {
            Log.LeasesNotLoaded(_logger, RetryDelay, exception);
            lock (_gate)
            {
                _loadAgain = Now() + RetryDelay;
                Arm();
            }

            throw;
        }
    }

    private async Task RecordAsync(KeptLease lease)
    {
        try
        {
            await LoadedAsync().ConfigureAwait(false);
        }
        catch
        {
            // Nothing was written.
            Forget(lease);
            throw;
        }

        bool isRecorded;
        try
        {
            isRecorded = await LeaseRecording.TryWriteAsync(_storage, lease).ConfigureAwait(false);
        }
        catch
        {
            // It may have been written: only its end makes sure that it is not there.
            _ = EndQuietlyAsync(lease);
            throw;
        }

        if (!isRecorded)
        {
            Forget(lease);
            throw KeptLease.Taken(lease.Id);
        }
    }

    private void Forget(KeptLease lease)
    {
        lock (_gate)
        {
            _table.Remove(lease);
            Arm();
        }
    }

    private async Task EndQuietlyAsync(KeptLease lease) =>
        await EndAsync(lease).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private Task EndAsync(KeptLease lease)
    {
        bool isFirst;
        Task ending;
        lock (_gate)
        {
            isFirst = !lease.IsOver;
            lease.IsOver = true;
            _table.SetDeadline(lease, null);
            ending = lease.Ending ??= Task.Run(() => RemoveAsync(lease));
        }

        if (isFirst)
        {
            lease.OnOver?.Invoke();
        }

        return ending;
    }

    private async Task RemoveAsync(KeptLease lease)
    {
        try
        {
            // The record may still be on its way; whether it arrives does not matter here.
            await lease.Granting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Find(lease.Id) != lease)
            {
                return;
            }

            StorageLimits limits = await LoadedAsync().ConfigureAwait(false);
            await _removals.WaitAsync().ConfigureAwait(false);
            try
            {
                await new LeaseRemoval(_storage, limits, lease.Id).RunAsync().ConfigureAwait(false);
            }
            finally
            {
                _removals.Release();
            }

            Forget(lease);
            Log.LeaseEnded(_logger, $"{lease.Id:x16}");
        }
        catch (Exception exception)
        {
            Log.LeaseNotEnded(_logger, $"{lease.Id:x16}", RetryDelay, exception);
            lock (_gate)
            {
                lease.Ending = null;
                _table.SetDeadline(lease, Now() + RetryDelay);
                Arm();
            }

            throw;
        }
    }

    private void OnTimer()
    {
        var due = new List<KeptLease>();
        lock (_gate)
        {
            if (_stopped is not null)
            {
                return;
            }

            TimeSpan now = Now();
            while (_table.TryTakeDue(now, out KeptLease? lease))
            {
                due.Add(lease);
            }

            if (_loadAgain <= now)
            {
                _loadAgain = null;
                _loading = Task.Run(LoadAsync);
            }

            Arm();
        }

        foreach (KeptLease lease in due)
        {
            _ = EndQuietlyAsync(lease);
        }
    }

    private void OnPresenceChanged(Guid session)
    {
        lock (_gate)
        {
            foreach (KeptLease lease in _table.Of(session))
            {
                Age(lease);
            }

            Arm();
        }
    }

    /// <summary>Lets a lease's time run if its session is away, and not otherwise. Guarded by the lock.</summary>
    private void Age(KeptLease lease) =>
        _table.Age(lease, Now(), isAway: lease.Session != HostSession && !_presence.IsConnected(lease.Session));

    /// <summary>Sets the one timer to the earliest deadline. Guarded by the lock.</summary>
    private void Arm()
    {
        TimeSpan due = _table.NextDeadline ?? TimeSpan.MaxValue;
        due = _loadAgain < due ? _loadAgain.Value : due;
        if (_stopped is not null || due == TimeSpan.MaxValue)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // Rounded up, so that it is not a little too early, and then once more.
        double wait = Math.Ceiling(Math.Clamp((due - Now()).TotalMilliseconds, 0, LongestWait.TotalMilliseconds));
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    private KeptLease? Find(ulong id)
    {
        lock (_gate)
        {
            return _table.TryGet(id, out KeptLease? lease) ? lease : null;
        }
    }

    private TimeSpan Now() => _timeProvider.GetElapsedTime(_start);
}
