package dev.bascule.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.cpu.asm.CpuFeatures;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Products are held to a scalar loop of fma: equal bits, at every level, for every layout, blocking
 * and split.
 */
class GemmTest {
  private static final long SEED = 42;

  private static final int[][] SIZES = {
    {1, 1, 1},
    {1, 17, 3},
    {2, 33, 5},
    {5, 16, 16},
    {7, 31, 33},
    {11, 32, 64},
    {12, 33, 12},
    {13, 64, 31},
    {16, 16, 32},
    {25, 48, 17},
    {48, 100, 65},
    {49, 97, 100},
    {61, 1, 40},
    {50, 70, 800},
    {3, 1600, 20},
    {130, 96, 1537},
    {4, 200, 30},
    {1, 400, 7},
    {2, 129, 18},
    {3, 100, 9},
    {20, 150, 1021},
    {30, 16, 260}
  };

  private static ExecutableMemory memory;

  @BeforeAll
  static void needsAvx2() {
    Assumptions.assumeTrue(
        CpuFeatures.isEmittable() && CpuFeatures.detect().level().includes(IsaLevel.AVX2),
        "this processor or system cannot run emitted AVX2 code");
    memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
  }

  @AfterAll
  static void close() {
    if (memory != null) {
      memory.close();
    }
  }

  /** How the two indices of an operand lie. */
  private enum Layout {
    ROWS,
    COLUMNS,
    EVERY_OTHER
  }

  /** Values with padding around them, so that a write or read past the matrix is seen. */
  private record Operand(Matrix matrix, MemorySegment segment, int rows, int columns) {

    static Operand random(
        Arena arena, ElementType type, Layout layout, int rows, int columns, Random random) {
      long rowStride =
          switch (layout) {
            case ROWS -> columns + 3L; // {20, 150, 1021}: rows 4096 bytes apart
            case COLUMNS -> 1;
            case EVERY_OTHER -> 2L * columns + 1;
          };
      long columnStride =
          switch (layout) {
            case ROWS -> 1;
            case COLUMNS -> rows + 5L;
            case EVERY_OTHER -> 2;
          };
      long elements = (rows - 1) * rowStride + (columns - 1) * columnStride + 1;
      MemorySegment segment = arena.allocate(elements * type.bytes(), type.bytes());
      for (long i = 0; i < elements; i++) {
        put(type, segment, i, random.nextGaussian());
      }
      return new Operand(
          new Matrix(segment.address(), rowStride, columnStride), segment, rows, columns);
    }

    /** The same values where they end at a guard. */
    Operand copied(GuardedMemory guarded) {
      MemorySegment copy = guarded.allocate(segment.byteSize());
      copy.copyFrom(segment);
      Matrix moved = new Matrix(copy.address(), matrix.rowStride(), matrix.columnStride());
      return new Operand(moved, copy, rows, columns);
    }

    double at(ElementType type, int row, int column) {
      long index = row * matrix.rowStride() + column * matrix.columnStride();
      return get(type, segment, index);
    }
  }

  private static void put(ElementType type, MemorySegment segment, long index, double value) {
    switch (type) {
      case F32 -> segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
      case F64 -> segment.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
    }
  }

  private static double get(ElementType type, MemorySegment segment, long index) {
    return switch (type) {
      case F32 -> segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
      case F64 -> segment.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    };
  }

  /** The meaning: one accumulator, k ascending, fma. */
  private static double[] expected(
      ElementType type,
      Operand lhs,
      Operand rhs,
      double[] start,
      int rows,
      int columns,
      int depth) {
    double[] out = start.clone();
    for (int m = 0; m < rows; m++) {
      for (int n = 0; n < columns; n++) {
        double sum = out[m * columns + n];
        for (int k = 0; k < depth; k++) {
          double a = lhs.at(type, m, k);
          double b = rhs.at(type, k, n);
          sum =
              switch (type) {
                case F32 -> Math.fma((float) a, (float) b, (float) sum);
                case F64 -> Math.fma(a, b, sum);
              };
        }
        out[m * columns + n] = sum;
      }
    }
    return out;
  }

  private static List<IsaLevel> levels() {
    IsaLevel best = CpuFeatures.detect().level();
    return Arrays.stream(IsaLevel.values())
        .filter(level -> level != IsaLevel.PORTABLE && best.includes(level))
        .toList();
  }

  private static MemorySegment workspace(Arena arena, Gemm gemm, long depth) {
    return arena.allocate(gemm.workspaceBytes(depth), 64);
  }

  /** Output with a guard of untouched elements at the end of each row. */
  private record Output(Matrix matrix, MemorySegment segment, int rows, int columns) {
    private static final int GUARD = 3;
    private static final double UNTOUCHED = 12345;

    static Output filled(Arena arena, ElementType type, int rows, int columns, double[] start) {
      int stride = columns + GUARD;
      MemorySegment segment = arena.allocate((long) rows * stride * type.bytes(), 64);
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < stride; j++) {
          double value = j < columns ? start[i * columns + j] : UNTOUCHED;
          put(type, segment, (long) i * stride + j, value);
        }
      }
      return new Output(Matrix.rowMajor(segment.address(), stride), segment, rows, columns);
    }

    double[] values(ElementType type) {
      double[] values = new double[rows * columns];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns + GUARD; j++) {
          double value = get(type, segment, i * matrix.rowStride() + j);
          if (j < columns) {
            values[i * columns + j] = value;
          } else {
            assertThat(value).as("guard of row %d", i).isEqualTo(UNTOUCHED);
          }
        }
      }
      return values;
    }
  }

  private static double[] noise(ElementType type, int count, Random random) {
    double[] noise = random.doubles(count, -1, 1).toArray();
    if (type == ElementType.F32) {
      Arrays.setAll(noise, i -> (float) noise[i]);
    }
    return noise;
  }

  /** Runs one product in some way and compares it. */
  private void check(
      Arena arena,
      Gemm gemm,
      ElementType type,
      Layout left,
      Layout right,
      boolean packed,
      int[] size,
      Random random) {
    int rows = size[0];
    int columns = size[1];
    int depth = size[2];
    Operand lhs = Operand.random(arena, type, left, rows, depth, random);
    Operand rhs = Operand.random(arena, type, right, depth, columns, random);
    Product.Start start = random.nextBoolean() ? Product.Start.ZERO : Product.Start.OUT;
    double[] initial = noise(type, rows * columns, random);
    double[] from = start == Product.Start.ZERO ? new double[rows * columns] : initial;
    double[] expected = expected(type, lhs, rhs, from, rows, columns, depth);
    MemorySegment workspace = workspace(arena, gemm, depth);
    Output out = Output.filled(arena, type, rows, columns, initial);
    PackedMatrix panels = packed ? gemm.pack(rhs.matrix(), depth, columns) : null;
    RightOperand operand = panels == null ? rhs.matrix() : panels;
    Product product = new Product(lhs.matrix(), operand, out.matrix(), depth, start);
    gemm.multiply(product, Region.all(rows, columns), workspace, FinishedTile.NONE);
    assertThat(out.values(type))
        .as(
            "%s x %s, packed %s, rows, columns, depth %s",
            left, right, packed, Arrays.toString(size))
        .isEqualTo(expected);
    if (panels != null) {
      panels.close();
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void productsEqualAScalarLoopOfFmaInEveryLayout(ElementType type) {
    Random random = new Random(SEED);
    for (IsaLevel level : levels()) {
      Gemm gemm = new Gemm(memory, level, type);
      for (int[] size : SIZES) {
        for (Layout left : Layout.values()) {
          for (Layout right : Layout.values()) {
            try (Arena arena = Arena.ofConfined()) {
              check(arena, gemm, type, left, right, random.nextBoolean(), size, random);
            }
          }
        }
      }
    }
  }

  @Test
  void anySplitIntoRegionsGivesTheSameBitsAndReportsEachElementOnce() {
    Random random = new Random(SEED);
    int rows = 97;
    int columns = 150;
    int depth = 900;
    ElementType type = ElementType.F32;
    for (IsaLevel level : levels()) {
      try (Arena arena = Arena.ofConfined()) {
        Gemm gemm = new Gemm(memory, level, type);
        Operand lhs = Operand.random(arena, type, Layout.ROWS, rows, depth, random);
        Operand rhs = Operand.random(arena, type, Layout.ROWS, depth, columns, random);
        double[] zero = new double[rows * columns];
        double[] expected = expected(type, lhs, rhs, zero, rows, columns, depth);
        MemorySegment workspace = workspace(arena, gemm, depth);
        try (PackedMatrix packed = gemm.pack(rhs.matrix(), depth, columns)) {
          for (RightOperand operand : List.of(rhs.matrix(), packed)) {
            Output out = Output.filled(arena, type, rows, columns, zero);
            Product product =
                new Product(lhs.matrix(), operand, out.matrix(), depth, Product.Start.ZERO);
            int[] reports = new int[rows * columns];
            for (Region region : regions(rows, columns, gemm.panelColumns())) {
              gemm.multiply(
                  product,
                  region,
                  workspace,
                  (r0, r1, c0, c1) -> {
                    for (long i = r0; i < r1; i++) {
                      for (long j = c0; j < c1; j++) {
                        reports[(int) (i * columns + j)]++;
                      }
                    }
                  });
            }
            assertThat(out.values(type)).isEqualTo(expected);
            assertThat(reports).containsOnly(1);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void aFewRowsTimesATransposedMatrixGiveTheBitsOfAScalarLoopInAnyRegion(ElementType type) {
    Random random = new Random(SEED);
    int[][] sizes = {{16, 40, 33}, {13, 700, 5}, {32, 2000, 16}, {48, 100, 800}, {8, 65, 17}};
    for (IsaLevel level : levels()) {
      for (int[] size : sizes) {
        try (Arena arena = Arena.ofConfined()) {
          Gemm gemm = new Gemm(memory, level, type);
          int rows = size[0];
          int columns = size[1];
          int depth = size[2];
          Operand lhs = Operand.random(arena, type, Layout.ROWS, rows, depth, random);
          Operand rhs = Operand.random(arena, type, Layout.COLUMNS, depth, columns, random);
          double[] zero = new double[rows * columns];
          double[] expected = expected(type, lhs, rhs, zero, rows, columns, depth);
          Output out = Output.filled(arena, type, rows, columns, zero);
          Product product =
              new Product(lhs.matrix(), rhs.matrix(), out.matrix(), depth, Product.Start.ZERO);
          int column = columns / 3;
          MemorySegment workspace = workspace(arena, gemm, depth);
          for (Region region :
              List.of(
                  new Region(0, rows, 0, column),
                  new Region(0, 1, column, columns),
                  new Region(1, rows, column, columns))) {
            gemm.multiply(product, region, workspace, FinishedTile.NONE);
          }
          assertThat(out.values(type))
              .as("%s %s", level, Arrays.toString(size))
              .isEqualTo(expected);
        }
      }
    }
  }

  private static List<Region> regions(int rows, int columns, int unit) {
    List<Region> regions = new ArrayList<>();
    int[] rowCuts = {0, 1, 50, rows};
    int[] columnCuts = {0, unit, 3 * unit, columns};
    for (int i = 1; i < rowCuts.length; i++) {
      for (int j = 1; j < columnCuts.length; j++) {
        regions.add(new Region(rowCuts[i - 1], rowCuts[i], columnCuts[j - 1], columnCuts[j]));
      }
    }
    return regions;
  }

  @Test
  void nothingIsReadBesideTheOperands() {
    // NaN in the padding between rows would spread if it were multiplied.
    ElementType type = ElementType.F32;
    for (IsaLevel level : levels()) {
      try (Arena arena = Arena.ofConfined()) {
        Gemm gemm = new Gemm(memory, level, type);
        IntFunction<Matrix> ones =
            columns -> {
              MemorySegment segment = arena.allocate(4L * 20 * (columns + 40), 4);
              segment.fill((byte) 0xFF);
              for (int i = 0; i < 20; i++) {
                for (int j = 0; j < columns; j++) {
                  put(type, segment, (long) i * (columns + 40) + j, 1);
                }
              }
              return new Matrix(segment.address(), columns + 40, 1);
            };
        double[] start = new double[20 * 21];
        Output out = Output.filled(arena, type, 20, 21, start);
        Product product =
            new Product(ones.apply(20), ones.apply(21), out.matrix(), 20, Product.Start.ZERO);
        gemm.multiply(product, Region.all(20, 21), workspace(arena, gemm, 20), FinishedTile.NONE);
        assertThat(out.values(type)).containsOnly(20);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void nothingBeyondTheOperandsIsTouched(Layout layout) {
    // Each operand ends where a page that is not mapped begins: one byte more would end the
    // process.
    ElementType type = ElementType.F32;
    Random random = new Random(SEED);
    int[][] sizes = {{1, 5, 3}, {4, 33, 17}, {13, 47, 31}, {60, 70, 50}, {50, 150, 1024}};
    for (IsaLevel level : levels()) {
      Gemm gemm = new Gemm(memory, level, type);
      for (int[] size : sizes) {
        try (Arena arena = Arena.ofConfined();
            GuardedMemory guarded = new GuardedMemory()) {
          Operand lhs =
              Operand.random(arena, type, layout, size[0], size[2], random).copied(guarded);
          Operand rhs =
              Operand.random(arena, type, layout, size[2], size[1], random).copied(guarded);
          MemorySegment out = guarded.allocate(4L * size[0] * size[1]);
          Matrix matrix = Matrix.rowMajor(out.address(), size[1]);
          Product product =
              new Product(lhs.matrix(), rhs.matrix(), matrix, size[2], Product.Start.ZERO);
          MemorySegment workspace = workspace(arena, gemm, size[2]);
          Region all = Region.all(size[0], size[1]);
          gemm.multiply(product, all, workspace, FinishedTile.NONE);
          double[] zero = new double[size[0] * size[1]];
          double[] expected = expected(type, lhs, rhs, zero, size[0], size[1], size[2]);
          for (int i = 0; i < expected.length; i++) {
            assertThat(get(type, out, i)).isEqualTo(expected[i]);
          }
        }
      }
    }
  }

  @Test
  void packedElementsAreFoundAgain() {
    ElementType type = ElementType.F32;
    Random random = new Random(SEED);
    for (IsaLevel level : levels()) {
      try (Arena arena = Arena.ofConfined()) {
        Operand rhs = Operand.random(arena, type, Layout.COLUMNS, 21, 85, random);
        try (PackedMatrix packed = new Gemm(memory, level, type).pack(rhs.matrix(), 21, 85)) {
          for (int k = 0; k < 21; k++) {
            for (int column = 0; column < 85; column++) {
              assertThat(get(type, packed.panels(), packed.index(k, column)))
                  .isEqualTo(rhs.at(type, k, column));
            }
          }
        }
      }
    }
  }

  @Test
  void anEmptySumIsItsStart() {
    ElementType type = ElementType.F32;
    try (Arena arena = Arena.ofConfined()) {
      Gemm gemm = new Gemm(memory, IsaLevel.AVX2, type);
      double[] start = {1, 2, 3, 4, 5, 6};
      Output out = Output.filled(arena, type, 2, 3, start);
      Matrix empty = new Matrix(out.matrix().address(), 0, 1);
      MemorySegment workspace = workspace(arena, gemm, 0);
      Product keep = new Product(empty, empty, out.matrix(), 0, Product.Start.OUT);
      gemm.multiply(keep, Region.all(2, 3), workspace, FinishedTile.NONE);
      assertThat(out.values(type)).isEqualTo(start);
      Product clear = new Product(empty, empty, out.matrix(), 0, Product.Start.ZERO);
      gemm.multiply(clear, Region.all(2, 3), workspace, FinishedTile.NONE);
      assertThat(out.values(type)).containsOnly(0);
    }
  }

  @Test
  void aStridedOutputIsRefusedWithTheRemedy() {
    Matrix matrix = Matrix.rowMajor(64, 4);
    assertThatThrownBy(
            () -> new Product(matrix, matrix, matrix.transposed(), 4, Product.Start.ZERO))
        .hasMessageContaining("column stride 4")
        .hasMessageContaining("transposed");
  }
}
