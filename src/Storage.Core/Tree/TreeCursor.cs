namespace WsStorage.Core.Tree;

/// <summary>Walks the rows of a range in one version of a tree, in either direction. Not thread-safe.</summary>
internal sealed class TreeCursor
{
    private readonly Stack<(Branch Branch, int Index)> _path = new();
    private readonly KeyRange _range;
    private readonly bool _reverse;
    private Leaf? _leaf;
    private int _index;
    private int _low;
    private int _high;

    /// <summary>Stands before the first row; <see cref="MoveNext"/> goes there.</summary>
    public TreeCursor(Node root, KeyRange range, bool reverse)
    {
        _range = range;
        _reverse = reverse;
        if (!range.IsEmpty)
        {
            Seek(root);
        }
    }

    public Row Current => _leaf!.RowAt(_index);

    public bool MoveNext()
    {
        while (_leaf is not null)
        {
            _index += _reverse ? -1 : 1;
            if (_index >= _low && _index < _high)
            {
                return true;
            }

            MoveToNextLeaf();
        }

        return false;
    }

    private void Seek(Node node)
    {
        while (node is Branch branch)
        {
            // In reverse, the child that holds the last key before the end; without an end, the last child.
            int index = _reverse
                ? _range.End.IsEmpty ? branch.Size - 1 : branch.Rank(_range.End.Span, inclusive: false)
                : branch.Rank(_range.Start.Span, inclusive: true);
            _path.Push((branch, index));
            node = branch.ChildAt(index);
        }

        Enter((Leaf)node);
    }

    private void MoveToNextLeaf()
    {
        bool rangeEndsHere = _reverse ? _low > 0 : _high < _leaf!.KeyCount;
        _leaf = null;
        while (!rangeEndsHere && _path.TryPop(out (Branch Branch, int Index) step))
        {
            int index = step.Index + (_reverse ? -1 : 1);
            if (index >= 0 && index < step.Branch.Size)
            {
                _path.Push((step.Branch, index));
                Descend(step.Branch.ChildAt(index));
                return;
            }
        }
    }

    private void Descend(Node node)
    {
        while (node is Branch branch)
        {
            int index = _reverse ? branch.Size - 1 : 0;
            _path.Push((branch, index));
            node = branch.ChildAt(index);
        }

        Enter((Leaf)node);
    }

    private void Enter(Leaf leaf)
    {
        _leaf = leaf;
        _low = leaf.Rank(_range.Start.Span, inclusive: false);
        _high = _range.End.IsEmpty ? leaf.KeyCount : leaf.Rank(_range.End.Span, inclusive: false);
        _index = _reverse ? _high : _low - 1;
    }
}
