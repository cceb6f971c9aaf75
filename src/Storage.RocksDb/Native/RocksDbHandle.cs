using System.Runtime.InteropServices;

namespace WsStorage.RocksDb.Native;

/// <summary>
/// Owns one native object. A child keeps its parent open: the parent's native object goes only after those of all its
/// children, in whatever order they are disposed of or finalized.
/// </summary>
internal abstract class RocksDbHandle : SafeHandle
{
    private readonly RocksDbHandle? _parent;

    protected RocksDbHandle(nint handle, RocksDbHandle? parent = null)
        : base(0, ownsHandle: true)
    {
        if (parent is not null)
        {
            bool referenced = false;
            parent.DangerousAddRef(ref referenced);
            _parent = parent;
        }

        SetHandle(handle);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The native pointer, for calls made while something else keeps this handle open.</summary>
    public nint Pointer => handle;

    protected sealed override bool ReleaseHandle()
    {
        Destroy(handle);
        _parent?.DangerousRelease();
        return true;
    }

    /// <summary>Destroys the native object; the parent's is still there.</summary>
    protected abstract void Destroy(nint pointer);

    /// <summary>The parent's native pointer, for destructors that take it.</summary>
    protected nint ParentPointer => _parent?.handle ?? 0;
}
