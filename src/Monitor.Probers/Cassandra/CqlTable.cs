using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Monitor.Probers.Cassandra;

/// <summary>The rows of a RESULT. Cells are ranges of the body, which must stay as it is while they are read.</summary>
internal sealed class CqlTable
{
    private const int RowsKind = 2;
    private const int GlobalTable = 0x01;
    private const int MorePages = 0x02;
    private const int NoMetadata = 0x04;

    /// <summary>A type within a type within a type: what no table has, but two bytes a level would overflow the stack.</summary>
    private const int MaxDepth = 32;

    private const int MaxText = 256;

    private readonly ReadOnlyMemory<byte> _body;
    private readonly List<string> _columns;
    private readonly List<(int Start, int Length)> _cells;

    private CqlTable(ReadOnlyMemory<byte> body, List<string> columns, List<(int Start, int Length)> cells)
    {
        (_body, _columns, _cells) = (body, columns, cells);
        Rows = columns.Count == 0 ? 0 : cells.Count / columns.Count;
    }

    public int Rows { get; }

    /// <summary>Null when it is no well-formed result with rows. What is allocated is in proportion to the body, whatever counts it announces.</summary>
    public static CqlTable? Read(ReadOnlyMemory<byte> message)
    {
        var body = new CqlBody(message.Span);
        if (body.Int() != RowsKind)
        {
            return null;
        }

        var flags = body.Int();
        var columns = body.Int();
        if ((flags & MorePages) != 0)
        {
            body.Bytes();
        }

        if (body.Failed || columns < 1 || (flags & NoMetadata) != 0)
        {
            return null;
        }

        var names = ReadColumns(ref body, (flags & GlobalTable) != 0, columns);
        var rows = body.Int();
        if (body.Failed || rows < 0)
        {
            return null;
        }

        // Each cell takes four bytes at least, so the body's end stops a made-up count.
        var cells = new List<(int, int)>((int)Math.Min((long)rows * columns, body.Left / 4));
        for (var left = (long)rows * columns; left > 0 && !body.Failed; left--)
        {
            cells.Add(body.Bytes());
        }

        return body.Failed ? null : new CqlTable(message, names, cells);
    }

    /// <summary>A name, at most <see cref="MaxText"/> bytes of it and on one line: it goes into metrics and messages.</summary>
    public string? Text(int row, string column) =>
        Cell(row, column) is { IsEmpty: false } cell
            ? Encoding.UTF8.GetString(cell[..Math.Min(cell.Length, MaxText)]).ReplaceLineEndings(" ")
            : null;

    public Guid? Uuid(int row, string column) => Cell(row, column) is { Length: 16 } cell ? new Guid(cell, bigEndian: true) : null;

    public int? Int(int row, string column) => Cell(row, column) is { Length: 4 } cell ? BinaryPrimitives.ReadInt32BigEndian(cell) : null;

    public bool? Truth(int row, string column) => Cell(row, column) is [var truth] ? truth != 0 : null;

    public IPAddress? Address(int row, string column) => Cell(row, column) is { Length: 4 or 16 } cell ? new IPAddress(cell) : null;

    private static List<string> ReadColumns(ref CqlBody body, bool isGlobal, int columns)
    {
        if (isGlobal)
        {
            body.Text();
            body.Text();
        }

        var names = new List<string>(Math.Min(columns, 64));
        for (var i = 0; i < columns && !body.Failed; i++)
        {
            if (!isGlobal)
            {
                body.Text();
                body.Text();
            }

            names.Add(body.String());
            SkipType(ref body, 0);
        }

        return names;
    }

    private static void SkipType(ref CqlBody body, int depth)
    {
        if (depth > MaxDepth)
        {
            body.Take(int.MaxValue);
            return;
        }

        var (fields, named) = (0, false);
        switch (body.Short())
        {
            case 0x00:
                body.Text();
                break;
            case 0x20 or 0x22:
                fields = 1;
                break;
            case 0x21:
                fields = 2;
                break;
            case 0x30:
                body.Text();
                body.Text();
                (fields, named) = (body.Short(), true);
                break;
            case 0x31:
                fields = body.Short();
                break;
        }

        for (; fields > 0 && !body.Failed; fields--)
        {
            if (named)
            {
                body.Text();
            }

            SkipType(ref body, depth + 1);
        }
    }

    private ReadOnlySpan<byte> Cell(int row, string column)
    {
        var at = _columns.IndexOf(column);
        if (at < 0 || row < 0 || row >= Rows)
        {
            return default;
        }

        var (start, length) = _cells[(row * _columns.Count) + at];
        return length < 0 ? default : _body.Span.Slice(start, length);
    }
}
