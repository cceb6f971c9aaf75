namespace WsStorage;

/// <summary>A run of consecutive rows of a scan, packed in one buffer that is valid until the scan moves on.</summary>
/// <param name="Revision">The revision that the whole scan reads.</param>
/// <param name="Count">The rows in the page, at least 1.</param>
/// <param name="Rows">For each row its key and its value, each a varint length and that many bytes.</param>
public readonly record struct ScanPage(Revision Revision, int Count, ReadOnlyMemory<byte> Rows)
{
    /// <summary>Walks the rows without a copy.</summary>
    /// <returns>The enumerator; its rows are slices of <see cref="Rows"/>.</returns>
    public Enumerator GetEnumerator() => new(Rows);

    /// <summary>One row, as slices of its page.</summary>
    /// <param name="Key">The key.</param>
    /// <param name="Value">The value, empty when the scan leaves values out.</param>
    public readonly record struct Row(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value);

    /// <summary>Walks the rows of a page.</summary>
    public struct Enumerator
    {
        private ReadOnlyMemory<byte> _rest;

        internal Enumerator(ReadOnlyMemory<byte> rows)
        {
            _rest = rows;
            Current = default;
        }

        /// <summary>The row reached by the last <see cref="MoveNext"/>.</summary>
        public Row Current { get; private set; }

        /// <summary>Goes on to the next row.</summary>
        /// <returns>Whether there is one.</returns>
        /// <exception cref="FormatException">The page is damaged.</exception>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            Current = new Row(PackedSlices.TakeField(ref _rest), PackedSlices.TakeField(ref _rest));
            return true;
        }
    }
}
