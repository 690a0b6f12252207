package dev.bascule.gpu.opencl;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.View;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The OpenCL C of one matrix product: {@code pack}, and {@code matmulR} for R rows at a time.
 * Operands may lie anyhow - every stride is part of the source, or an argument. Batches that share
 * the right matrix and continue one another's rows count as one matrix with more rows.
 */
final class OpenClMatmulSource {
  private static final int COLUMNS = MatmulColumns.COLUMNS;

  /**
   * Rows for which packing the right operand costs more than it gives: it is read once for each.
   */
  private static final int ROWS_IN_PLACE = 2;

  /** Columns that such a row advances by: their sums stay in the first-level cache. */
  private static final int COLUMNS_IN_PLACE = 256;

  private static final int LEFT = 0;
  private static final int RIGHT = 1;
  private static final int RESULT = 2;
  private static final int INITIAL = 3;

  /** Rows that a unit of work takes: they read the same columns, which stay in the cache. */
  private static final int ROWS_PER_UNIT = 64;

  private static final String RANGE =
      """
      const long g = get_global_id(0), items = get_global_size(0);
      for (long u = units * g / items; u < units * (g + 1) / items; u++) {
      """;

  private final DimArguments arguments = DimArguments.forAllSizes();
  private final DType dtype;
  private final boolean encoded;
  private final boolean shared;
  private final List<View> views; // left, right, result, and the initial value where there is one
  private final List<Dim> batch;
  private final List<List<Dim>> batchStrides;
  private final Dim rows;
  private final Dim inner;
  private final Dim columns;
  private final String text;

  OpenClMatmulSource(LibraryCall call, boolean encoded) {
    View left = call.operands().get(0);
    View right = call.operands().get(1);
    int rank = left.shape().rank();
    this.encoded = encoded;
    this.dtype = left.dtype();
    this.shared = MatmulColumns.isShared(right);
    this.views = new ArrayList<>(List.of(left, right, call.results().getFirst()));
    call.operands().stream().skip(2).forEach(views::add);
    this.inner = left.shape().dim(rank - 1);
    this.columns = right.shape().dim(rank - 1);
    int kept = rank - 2;
    Dim allRows = left.shape().dim(rank - 2);
    while (kept > 0 && continuesRows(kept - 1, allRows)) {
      kept--;
      allRows = allRows.times(left.shape().dim(kept));
    }
    this.rows = allRows;
    this.batch = left.shape().dims().subList(0, kept);
    int batchAxes = kept;
    this.batchStrides = views.stream().map(view -> view.strides().subList(0, batchAxes)).toList();
    this.text = write();
  }

  private boolean continuesRows(int axis, Dim rowsBelow) {
    return shared
        && IntStream.range(0, views.size())
            .filter(v -> v != RIGHT)
            .mapToObj(views::get)
            .allMatch(view -> view.strides().get(axis).equals(stride(view, 2).times(rowsBelow)));
  }

  /** The stride of the last axis but {@code fromEnd - 1}. */
  private static Dim stride(View view, int fromEnd) {
    return view.strides().get(view.strides().size() - fromEnd);
  }

  boolean isEncoded() {
    return encoded;
  }

  String text() {
    return text;
  }

  List<Dim> dimensions() {
    return arguments.dimensions();
  }

  /** The kernel for these dimensions. */
  String entry(Bindings dims) {
    long count = rows.evaluate(dims);
    if (readsInPlace(dims)) {
      return "matmulInPlace";
    }
    return count == 1 ? "matmul1" : count <= 4 ? "matmul4" : "matmul8";
  }

  /** Pieces of work of {@link #entry}. */
  long units(Bindings dims) {
    return units(readsInPlace(dims) ? COLUMNS_IN_PLACE : COLUMNS).evaluate(dims);
  }

  private Dim units(int width) {
    return batches().times(tiles(width)).times(rows.ceilDiv(Dim.of(ROWS_PER_UNIT)));
  }

  private boolean readsInPlace(Bindings dims) {
    return !encoded && rows.evaluate(dims) <= ROWS_IN_PLACE;
  }

  Dim packUnits() {
    return (shared ? Dim.ONE : batches()).times(tiles(COLUMNS));
  }

  /**
   * Bytes that the right operand is packed into: none where it is packed already, or read but a few
   * times.
   */
  long packedBytes(Bindings dims) {
    return encoded || readsInPlace(dims)
        ? 0
        : dtype.bytes(packUnits().times(inner).times(COLUMNS).evaluate(dims));
  }

  private Dim batches() {
    Dim product = Dim.ONE;
    for (Dim extent : batch) {
      product = product.times(extent);
    }
    return product;
  }

  private Dim tiles(int width) {
    return columns.ceilDiv(Dim.of(width));
  }

  private String write() {
    String kernels = (encoded ? "" : pack() + inPlace()) + matmul(1) + matmul(4) + matmul(8);
    String source =
        kernels.replace(", /*dims*/)", arguments.declarations() + ")"); // known when all is written
    return "#pragma OPENCL FP_CONTRACT OFF\n" + OpenClPrelude.of(source) + source;
  }

  private static String head(String name, String... operands) {
    StringBuilder text =
        new StringBuilder(
            "kernel __attribute__((reqd_work_group_size(1, 1, 1)))\nvoid " + name + "(");
    for (String operand : operands) {
      text.append("global uchar *q%1$s, long o%1$s, ".formatted(operand));
    }
    return text + "/*dims*/) {\n";
  }

  private String pointers(String... operands) {
    StringBuilder text = new StringBuilder();
    for (String operand : operands) {
      text.append(
          "global %2$s *%1$s = (global %2$s *)(q%1$s + o%1$s);\n"
              .formatted(operand, OpenClElements.element(dtype)));
    }
    return text.toString();
  }

  /** Where batch {@code index} (C text) of a view begins. */
  private String start(int view) {
    StringBuilder text = new StringBuilder(arguments.text(views.get(view).offset()));
    List<Dim> strides = batchStrides.get(view);
    for (int axis = 0; axis < batch.size(); axis++) {
      text.append(" + i%d * %s".formatted(axis, arguments.text(strides.get(axis))));
    }
    return text.toString();
  }

  private String batchCoordinates(String index) {
    StringBuilder text = new StringBuilder("long rest = " + index + ";\n");
    for (int axis = batch.size() - 1; axis >= 0; axis--) {
      text.append(
          "const long i%1$d = rest %% %2$s; rest /= %2$s;\n"
              .formatted(axis, arguments.text(batch.get(axis))));
    }
    return text.toString();
  }

  private String pack() {
    View right = views.get(RIGHT);
    String bits = dtype == DType.F32 ? "uint" : "ushort"; // moved, not converted
    return head("pack", "b", "p")
        + "global const %1$s *b = (global const %1$s *)(qb + ob);\nglobal %1$s *p = (global %1$s *)(qp + op);\n"
            .formatted(bits)
        + "const long units = %s, K = %s, N = %s;\n"
            .formatted(arguments.text(packUnits()), arguments.text(inner), arguments.text(columns))
        + RANGE
        + batchCoordinates("u / " + arguments.text(tiles(COLUMNS)))
        + "const long n0 = u %% %s * %d;\n".formatted(arguments.text(tiles(COLUMNS)), COLUMNS)
        + "const long from = %s;\n".formatted(start(RIGHT))
        + "for (long k = 0; k < K; k++) for (int j = 0; j < %d; j++) {\n".formatted(COLUMNS)
        + "p[(u * K + k) * %d + j] = n0 + j < N ? b[from + k * %s + (n0 + j) * %s] : (%s)0;\n}\n}\n}\n"
            .formatted(
                COLUMNS, arguments.text(stride(right, 2)), arguments.text(stride(right, 1)), bits);
  }

  private String matmul(int rowsAtOnce) {
    View left = views.get(LEFT);
    View result = views.get(RESULT);
    StringBuilder begin = new StringBuilder();
    StringBuilder step = new StringBuilder();
    StringBuilder end = new StringBuilder();
    String value =
        OpenClElements.load(dtype, "a", "r%1$d + k * " + arguments.text(stride(left, 1)));
    for (int r = 0; r < rowsAtOnce; r++) {
      begin.append("const long m%1$d = min(m + %1$d, M - 1);\n".formatted(r));
      begin.append(
          "const long r%1$d = fromA + m%1$d * %2$s;\n"
              .formatted(r, arguments.text(stride(left, 2))));
      begin.append(initial(r));
      step.append(
          ("x = (float16)(" + value + "); c%1$d = fma(x, b0, c%1$d); e%1$d = fma(x, b1, e%1$d);\n")
              .formatted(r));
      end.append(
          "if (m + %1$d < M) {\nvstore16(c%1$d, 0, t); vstore16(e%1$d, 1, t);\n".formatted(r));
      String index =
          "fromC + m%1$d * %2$s + (n0 + j) * %3$s"
              .formatted(r, arguments.text(stride(result, 2)), arguments.text(stride(result, 1)));
      end.append(
          "for (int j = 0; j < width; j++) { %s }\n}\n"
              .formatted(OpenClElements.store(dtype, "c", index, "t[j]")));
    }
    return head("matmul" + rowsAtOnce, "a", "p", "i", "c")
        + pointers("a", "p", "i", "c")
        + sizes(COLUMNS)
        + RANGE
        + place(COLUMNS)
        + "global const %s *panel = p + %s * K * %d;\n"
            .formatted(
                OpenClElements.element(dtype), shared ? "tile" : "(batch * tiles + tile)", COLUMNS)
        + "for (long m = mFrom; m < mTo; m += %d) {\nfloat t[%d];\n".formatted(rowsAtOnce, COLUMNS)
        + begin
        + "for (long k = 0; k < K; k++) {\nconst float16 b0 = %s, b1 = %s;\nfloat16 x;\n"
            .formatted(vector(0), vector(1))
        + step
        + "}\n"
        + end
        + "}\n}\n}\n";
  }

  private String sizes(int width) {
    Dim chunks = rows.ceilDiv(Dim.of(ROWS_PER_UNIT));
    return "const long units = %s, chunks = %s, tiles = %s;\n"
            .formatted(
                arguments.text(units(width)), arguments.text(chunks), arguments.text(tiles(width)))
        + "const long M = %s, K = %s, N = %s;\n"
            .formatted(arguments.text(rows), arguments.text(inner), arguments.text(columns));
  }

  /** One row at a time, the right operand read where it lies. */
  private String inPlace() {
    View left = views.get(LEFT);
    View right = views.get(RIGHT);
    View result = views.get(RESULT);
    String a =
        "fromA + m * %s + k * %s"
            .formatted(arguments.text(stride(left, 2)), arguments.text(stride(left, 1)));
    String b =
        "fromB + k * %s + (n0 + j) * %s"
            .formatted(arguments.text(stride(right, 2)), arguments.text(stride(right, 1)));
    String c =
        "fromC + m * %s + (n0 + j) * %s"
            .formatted(arguments.text(stride(result, 2)), arguments.text(stride(result, 1)));
    return head("matmulInPlace", "a", "b", "i", "c")
        + pointers("a", "b", "i", "c")
        + sizes(COLUMNS_IN_PLACE)
        + RANGE
        + place(COLUMNS_IN_PLACE)
        + "const long fromB = %s;\n".formatted(start(RIGHT))
        + "for (long m = mFrom; m < mTo; m++) {\nfloat t[%d];\n".formatted(COLUMNS_IN_PLACE)
        + "for (int j = 0; j < width; j++) t[j] = %s;\n".formatted(initialElement("m"))
        + "if (width == %d) {\n%s} else {\n%s}\n"
            .formatted(
                COLUMNS_IN_PLACE,
                alongColumns(Integer.toString(COLUMNS_IN_PLACE), a, b),
                alongColumns("width", a, b))
        + "for (int j = 0; j < width; j++) { %s }\n}\n}\n}\n"
            .formatted(OpenClElements.store(dtype, "c", c, "t[j]"));
  }

  private String alongColumns(String width, String a, String b) {
    return "for (long k = 0; k < K; k++) {\nconst float x = %s;\n"
            .formatted(OpenClElements.load(dtype, "a", a))
        + "for (int j = 0; j < %s; j++) t[j] = fma(x, %s, t[j]);\n}\n"
            .formatted(width, OpenClElements.load(dtype, "b", b));
  }

  /** Where unit u lies: a batch, a tile of columns, a chunk of rows. */
  private String place(int width) {
    return "const long chunk = u % chunks, tile = u / chunks % tiles, batch = u / chunks / tiles;\n"
        + batchCoordinates("batch")
        + "const long fromA = %s, fromC = %s;\n".formatted(start(LEFT), start(RESULT))
        + (views.size() > INITIAL ? "const long fromI = %s;\n".formatted(start(INITIAL)) : "")
        + "const long n0 = tile * %d;\n".formatted(width)
        + "const int width = (int)min(N - n0, (long)%d);\n".formatted(width)
        + "const long mFrom = chunk * %1$d, mTo = min(mFrom + %1$d, M);\n".formatted(ROWS_PER_UNIT);
  }

  /** The accumulators of row r: from the initial value, or 0. */
  private String initial(int r) {
    return views.size() <= INITIAL
        ? "float16 c%1$d = 0, e%1$d = 0;\n".formatted(r)
        : "for (int j = 0; j < %d; j++) t[j] = j < width ? %s : 0;\n"
                .formatted(COLUMNS, initialElement("m" + r))
            + "float16 c%1$d = vload16(0, t), e%1$d = vload16(1, t);\n".formatted(r);
  }

  /** What column n0 + j of a row (C text) starts from. */
  private String initialElement(String row) {
    if (views.size() <= INITIAL) {
      return "0";
    }
    View initial = views.get(INITIAL);
    String index =
        "fromI + %s * %s + (n0 + j) * %s"
            .formatted(row, arguments.text(stride(initial, 2)), arguments.text(stride(initial, 1)));
    return OpenClElements.load(dtype, "i", index);
  }

  /** Columns 16 * half to 16 * half + 15 of row k of the panel. */
  private String vector(int half) {
    String index = "k * 2 + " + half;
    return switch (dtype) {
      case F16 -> "vload_half16(" + index + ", panel)";
      case BF16 -> "as_float16(convert_uint16(vload16(" + index + ", panel)) << 16)";
      default -> "vload16(" + index + ", panel)";
    };
  }
}
