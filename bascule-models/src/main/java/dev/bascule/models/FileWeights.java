package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;

/** Weights in a model's files: found by name, checked against the configuration, put in order. */
final class FileWeights implements WeightSource {
  private static final long PART_BYTES = 4L << 20;

  /** Some rows of a stored tensor, all of equal length. */
  record Piece(StoredTensor tensor, long firstRow, long rows) {
    /** All rows of a tensor that has at least one dimension. */
    static Piece whole(StoredTensor tensor) {
      return new Piece(tensor, 0, tensor.elements() / Math.max(1, tensor.dims().getLast()));
    }
  }

  /** Where the rows of weights lie in a file. */
  interface Names {
    /** The pieces of a weight, in order; none where the file does not have it. */
    List<Piece> find(Key key);

    /** What the file calls a weight, for messages. */
    String name(Key key);

    Family.Pairs pairs();

    /** How the scales of 8-bit floats lie, where a file has such. */
    default Optional<ScaledBlocks> scaledBlocks() {
      return Optional.empty();
    }

    /** Whether the file holds {@link Role#KEY_UP} as the transposed product needs it. */
    boolean hasTransposedKeys(int layer);
  }

  private final DecoderConfig config;
  private final TensorFile file;
  private final Names names;
  private final Map<Key, List<Piece>> checked = new ConcurrentHashMap<>();

  private FileWeights(DecoderConfig config, TensorFile file, Names names) {
    this.config = config;
    this.file = file;
    this.names = names;
  }

  static FileWeights of(DecoderConfig config, HuggingFaceFolder folder) {
    return new FileWeights(config, folder, new HuggingFaceNames(config, folder));
  }

  static FileWeights of(DecoderConfig config, GgufFile file) {
    return new FileWeights(config, file, new GgufNames(config, file));
  }

  @Override
  public boolean has(Key key) {
    return !names.find(key).isEmpty();
  }

  @Override
  public WeightType type(Key key) {
    List<Piece> pieces = pieces(key);
    StoredType stored = pieces.getFirst().tensor().type();
    for (Piece piece : pieces) {
      if (!piece.tensor().type().equals(stored)) {
        throw wrong(key, "one type, " + stored, piece.tensor().toString());
      }
    }
    if (isMadeHere(key, pieces)) {
      return new WeightType.Floats(DType.F32);
    }
    return switch (stored) {
      case StoredType.Blocks blocks -> new WeightType.Blocks(blocks.quant());
      case StoredType.Plain(DType dtype)
          when dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16 ->
          new WeightType.Floats(dtype);
      case StoredType.Plain plain -> throw wrong(key, "f32, f16, bf16 or blocks", stored + "");
      case StoredType.Other other -> throw wrong(key, "a type that decodes to floats", stored + "");
    };
  }

  /** Whether rows are not those of the file, but f32 that are computed from them. */
  private boolean isMadeHere(Key key, List<Piece> pieces) {
    return isTransposedHere(key) || ScaledBlocks.isScaled(pieces.getFirst().tensor());
  }

  private boolean isTransposedHere(Key key) {
    return key.role() == Role.KEY_UP && !names.hasTransposedKeys(key.layer());
  }

  /** The pieces of a weight, together as large as the configuration says. */
  private List<Piece> pieces(Key key) {
    return checked.computeIfAbsent(key, this::checkedPieces);
  }

  private List<Piece> checkedPieces(Key key) {
    List<Piece> pieces = names.find(key);
    if (pieces.isEmpty()) {
      throw wrong(key, "a tensor", "none of that name");
    }
    long[] extents = extents(key);
    long columns = columns(key);
    long rows = 0;
    for (Piece piece : pieces) {
      List<Long> dims = piece.tensor().dims();
      long end = (piece.firstRow() + piece.rows()) * columns;
      if (dims.isEmpty() || dims.getLast() != columns || end > piece.tensor().elements()) {
        throw wrong(key, Arrays.toString(extents), piece.tensor().toString());
      }
      if (ScaledBlocks.isScaled(piece.tensor())) {
        scales(key, piece.tensor());
      }
      rows += piece.rows();
    }
    if (rows * columns != Arrays.stream(extents).reduce(1, Math::multiplyExact)) {
      throw wrong(key, Arrays.toString(extents), pieces.getFirst().tensor().toString());
    }
    return pieces;
  }

  private long[] extents(Key key) {
    long[] extents = key.role().extents(config);
    return key.isBias() ? Arrays.copyOf(extents, 1) : extents;
  }

  /** Elements of a row as it lies in the file. */
  private int columns(Key key) {
    long[] extents = extents(key);
    return Math.toIntExact(
        isTransposedHere(key) ? extents[extents.length - 2] : extents[extents.length - 1]);
  }

  private FormatException wrong(Key key, String expected, String got) {
    return new FormatException(
        file.path(),
        "weight " + FormatException.quote(names.name(key)),
        expected,
        got,
        "check that the file holds the whole model, and that its configuration is its own");
  }

  @Override
  public void read(Key key, long from, MemorySegment to) {
    List<Piece> pieces = pieces(key);
    if (isMadeHere(key, pieces)) {
      readDecoded(key, from, to);
      return;
    }
    RowOrder order = RowOrder.of(config, key.role(), names.pairs());
    long rowBytes = type(key).rowBytes(columns(key));
    if (order.isFileOrder()) {
      readRows(pieces, from, rowBytes, to);
      return;
    }
    for (long row = 0; row < to.byteSize() / rowBytes; row++) {
      MemorySegment one = to.asSlice(row * rowBytes, rowBytes);
      readRows(pieces, order.inFile(from + row), rowBytes, one);
    }
  }

  /** Rows of pieces one after the other, from row {@code from} of them all on. */
  private static void readRows(List<Piece> pieces, long from, long rowBytes, MemorySegment to) {
    long end = from + to.byteSize() / rowBytes;
    long first = 0;
    for (Piece piece : pieces) {
      long low = Math.max(from, first);
      long high = Math.min(end, first + piece.rows());
      if (low < high) {
        long at = (piece.firstRow() + low - first) * rowBytes;
        read(piece.tensor(), at, to.asSlice((low - from) * rowBytes, (high - low) * rowBytes));
      }
      first += piece.rows();
    }
  }

  /** In parts, by all cores: what takes time is that pages come into the process. */
  private static void read(StoredTensor tensor, long from, MemorySegment to) {
    if (to.byteSize() <= PART_BYTES) {
      tensor.read(from, to);
      return;
    }
    LongStream.range(0, Math.ceilDiv(to.byteSize(), PART_BYTES))
        .parallel()
        .forEach(part -> {
          long start = part * PART_BYTES;
          long size = Math.min(PART_BYTES, to.byteSize() - start);
          tensor.read(from + start, to.asSlice(start, size));
        });
  }

  /** Rows that are made here and do not lie in the file, in parts, by all cores. */
  private void readDecoded(Key key, long from, MemorySegment to) {
    long[] extents = extents(key);
    int columns = Math.toIntExact(extents[extents.length - 1]);
    long rows = to.byteSize() / Float.BYTES / columns;
    int step = (int) Math.max(1, PART_BYTES / Float.BYTES / columns);
    LongStream.range(0, Math.ceilDiv(rows, (long) step))
        .parallel()
        .forEach(part -> {
          long first = part * step;
          float[] values = new float[(int) Math.min(step, rows - first) * columns];
          decode(key, from + first, columns, values);
          long at = first * columns * Float.BYTES;
          MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, at, values.length);
        });
  }

  @Override
  public void decode(Key key, long from, int columns, float[] to) {
    if (key.isBias()) {
      decodeBias(key, to);
    } else if (isTransposedHere(key)) {
      decodeTransposed(key, from, to);
    } else {
      decodeRows(key, from, columns, to);
    }
  }

  private void decodeBias(Key key, float[] to) {
    RowOrder order = RowOrder.of(config, key.role(), names.pairs());
    float[] inFile = new float[to.length];
    pieces(key).getFirst().tensor().readFloats(0, inFile, 0, to.length);
    for (int i = 0; i < to.length; i++) {
      to[i] = inFile[(int) order.inFile(i)];
    }
  }

  /** Runs of rows that lie one behind the other in the file are read at once. */
  private void decodeRows(Key key, long from, int columns, float[] to) {
    RowOrder order = RowOrder.of(config, key.role(), names.pairs());
    int rows = to.length / columns;
    for (int done = 0; done < rows; ) {
      long row = order.inFile(from + done);
      Piece piece = null;
      for (Piece candidate : pieces(key)) {
        if (row < candidate.rows()) {
          piece = candidate;
          break;
        }
        row -= candidate.rows();
      }
      if (piece == null) {
        throw new ShapeException(key.label() + ": row " + (from + done) + " is outside of it");
      }
      int run = order.isFileOrder() ? (int) Math.min(rows - done, piece.rows() - row) : 1;
      decode(key, piece, row, run, columns, to, done * columns);
      done += run;
    }
  }

  private void decode(Key key, Piece piece, long row, int rows, int columns, float[] to, int at) {
    StoredTensor tensor = piece.tensor();
    long first = piece.firstRow() + row;
    tensor.readFloats(first * columns, to, at, rows * columns);
    if (ScaledBlocks.isScaled(tensor)) {
      StoredTensor scales = scales(key, tensor);
      names.scaledBlocks().orElseThrow().scale(scales, to, at, first, rows, columns);
    }
  }

  /** The scales of a weight in 8-bit floats. */
  private StoredTensor scales(Key key, StoredTensor weight) {
    ScaledBlocks blocks =
        names
            .scaledBlocks()
            .orElseThrow(
                () -> wrong(key, "a quantization_config that says how it is scaled", weight + ""));
    StoredTensor scales = file.tensors().get(weight.name() + "_scale_inv");
    if (weight.dims().size() != 2) {
      throw wrong(key, "a matrix, where it is in 8-bit floats", weight.toString());
    }
    List<Long> dims = blocks.scaleDims(weight);
    if (scales == null
        || !scales.type().equals(StoredType.of(DType.F32))
        || !scales.dims().equals(dims)) {
      throw wrong(
          key,
          "its scales "
              + FormatException.quote(weight.name() + "_scale_inv")
              + " as f32"
              + dims
              + " beside it",
          scales == null ? "none of that name" : scales.toString());
    }
    return scales;
  }

  /** Each head's [plain, rank] as [rank, plain]. */
  private void decodeTransposed(Key key, long from, float[] to) {
    int rank = (int) extents(key)[1];
    int plain = (int) extents(key)[2];
    float[] head = new float[plain * rank];
    long known = -1;
    for (int i = 0; i < to.length / plain; i++) {
      long number = (from + i) / rank;
      if (number != known) {
        Piece piece = pieces(key).get((int) number);
        decode(key, piece, 0, plain, rank, head, 0);
        known = number;
      }
      int column = (int) ((from + i) % rank);
      for (int j = 0; j < plain; j++) {
        to[i * plain + j] = head[j * rank + column];
      }
    }
  }

  /** The file, for messages. */
  @Override
  public String toString() {
    return file.path().toString();
  }
}
