package dev.bascule.cpu.emit;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.KernelCode;
import dev.bascule.cpu.asm.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Emitted code with its operands and dimensions: one frame for each worker. */
final class EmittedLaunch implements KernelCode.BoundCode {
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
  private static final int FRAME_ALIGNMENT = 64;

  /** Columns of a block are a multiple of this. */
  private static final long COLUMN_RUN = 64;

  /** Words of a table beyond the last row position, which code may read. */
  private static final int TABLE_SLACK = 64;

  /** All of native memory: frames are written by address. */
  private static final MemorySegment MEMORY =
      MemorySegment.ofAddress(0).reinterpret(Long.MAX_VALUE);

  private final Layout layout;
  private final CallWords words;
  private final MemorySegment entry;
  private final Arena arena = Arena.ofShared();

  /**
   * Each worker's, by address; 0 when they are gone. A token's launches are hundreds, each seen
   * once in ten milliseconds and found in no cache then: what a call touches beside its frame is
   * time.
   */
  private final long[] frames;

  private final long[] extents;
  private final long[] bases;
  private final long[][] strides;
  private final long[] vectorStrides;
  private final long vectorExtent;
  private final long block;
  private final long blocks;
  private final long units;
  private final long unitElements;
  private final boolean gathers;
  private final boolean emptyGather;

  EmittedLaunch(
      Kernel kernel,
      Emission emission,
      MemorySegment entry,
      CallWords words,
      int workers,
      List<MemorySegment> operands,
      Bindings dims) {
    this.layout = emission.layout();
    this.entry = entry;
    this.words = words;
    Nest nest = layout.nest;
    this.extents = nest.odometer().stream().mapToLong(d -> d.evaluate(dims)).toArray();
    this.vectorExtent = nest.vectorExtent().evaluate(dims);
    long rows = nest.rowExtent().evaluate(dims);
    long points = 1;
    for (long extent : extents) {
      points = Math.multiplyExact(points, extent);
    }
    this.block =
        switch (nest.mode()) {
          case MAP ->
              vectorExtent >= 2 * Emission.MAP_BLOCK
                  ? Emission.MAP_BLOCK
                  : Math.max(1, vectorExtent);
          case ROW -> Math.max(1, vectorExtent);
          case COLUMN -> columnBlock(workers);
        };
    this.blocks =
        switch (nest.mode()) {
          case MAP, COLUMN -> Math.ceilDiv(vectorExtent, block);
          case ROW -> 1;
        };
    this.units = points * blocks;
    this.unitElements =
        Math.min(block, vectorExtent) * (nest.mode() == Nest.Mode.COLUMN ? rows : 1);
    int walks = layout.pointers.count();
    this.bases = new long[walks];
    this.strides = new long[walks][extents.length];
    this.vectorStrides = new long[walks];
    for (int w = 0; w < walks; w++) {
      Walk walk = layout.pointers.walk(w);
      bases[w] =
          operands.get(walk.parameter()).address() + walk.offset().evaluate(dims) * walk.bytes();
      vectorStrides[w] = walk.vectorStride().evaluate(dims) * walk.bytes();
      for (int axis = 0; axis < extents.length; axis++) {
        strides[w][axis] = walk.odometer().get(axis).evaluate(dims) * walk.bytes();
      }
    }
    this.gathers = kernel.body().stream().anyMatch(Instruction.LoadAt.class::isInstance);
    this.emptyGather =
        kernel.body().stream()
            .anyMatch(
                i -> i instanceof Instruction.LoadAt load && load.extent().evaluate(dims) <= 0);
    long bytes = frameBytes(emission, rows);
    MemorySegment first = arena.allocate(bytes, FRAME_ALIGNMENT);
    fill(first, rows, dims);
    this.frames = new long[workers];
    frames[0] = first.address();
    for (int worker = 1; worker < workers; worker++) {
      MemorySegment frame = arena.allocate(bytes, FRAME_ALIGNMENT);
      MemorySegment.copy(first, 0, frame, 0, layout.frame.bytes());
      frames[worker] = frame.address();
    }
  }

  /** Wide blocks read memory in long runs; but every worker should have one. */
  private long columnBlock(int workers) {
    long share = Math.ceilDiv(Math.ceilDiv(vectorExtent, workers), COLUMN_RUN) * COLUMN_RUN;
    return Math.clamp(share, COLUMN_RUN, ColumnCode.columns(layout));
  }

  /** Of the last kept array only the row's length is needed. */
  private long frameBytes(Emission emission, long rows) {
    int last = 0;
    for (int i : layout.keptInFrame) {
      if (layout.homes[i] instanceof Home.Array array) {
        last = Math.max(last, array.offset());
      }
    }
    assert last == 0 || rows <= emission.keptElementsMax();
    return last == 0 ? layout.frame.bytes() : last + rows * 8 + 2L * Frame.VECTOR_BYTES;
  }

  private void fill(MemorySegment frame, long rows, Bindings dims) {
    for (Layout.Argument argument : layout.arguments) {
      long value = Math.multiplyExact(argument.value().evaluate(dims), argument.factor());
      for (int lane = 0; lane < (argument.vector() ? 8 : 1); lane++) {
        frame.set(WORD, argument.offset() + 8L * lane, value);
      }
    }
    frame.set(WORD, layout.frame.rows, rows);
    for (int w = 0; w < bases.length; w++) {
      Walk walk = layout.pointers.walk(w);
      Pointers.Words words = layout.pointers.words(w);
      frame.set(WORD, words.stride(), vectorStrides[w]);
      frame.set(WORD, words.rowStride(), walk.rowStride().evaluate(dims) * walk.bytes());
      if (walk.vector() == Walk.Step.TABLE || walk.row() == Walk.Step.TABLE) {
        long[] steps =
            walk.rowStrides().stream().mapToLong(d -> d.evaluate(dims) * walk.bytes()).toArray();
        frame.set(WORD, words.table(), table(steps, rows, dims));
      }
    }
    for (int axis = 0; axis < extents.length; axis++) {
      Layout.Wheel wheel = layout.wheels.get(axis);
      frame.set(WORD, wheel.extent(), extents[axis]);
      for (int w = 0; w < wheel.deltas().size(); w++) {
        long rewind = axis == 0 ? 0 : extents[axis - 1] * strides[w][axis - 1];
        frame.set(WORD, wheel.deltas().get(w), strides[w][axis] - rewind);
      }
    }
    layout
        .indexTables()
        .forEach((axis, word) -> {
          long[] steps = new long[layout.nest.rowExtents().size()];
          steps[axis] = 1;
          frame.set(WORD, word, table(steps, rows, dims));
        });
  }

  /** For each row position, the sum of its coordinates times {@code steps}; gives its address. */
  private long table(long[] steps, long rows, Bindings dims) {
    List<Dim> rowExtents = layout.nest.rowExtents();
    long[] sizes = rowExtents.stream().mapToLong(d -> d.evaluate(dims)).toArray();
    long[] at = new long[sizes.length];
    MemorySegment table = arena.allocate((rows + TABLE_SLACK) * WORD.byteSize(), FRAME_ALIGNMENT);
    long sum = 0;
    for (long row = 0; row < rows; row++) {
      table.setAtIndex(WORD, row, sum);
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        sum += steps[axis];
        if (++at[axis] < sizes[axis]) {
          break;
        }
        sum -= steps[axis] * sizes[axis];
        at[axis] = 0;
      }
    }
    return table.address();
  }

  @Override
  public long units() {
    return units;
  }

  @Override
  public long unitElements() {
    return unitElements;
  }

  @Override
  public void run(int worker, long low, long high) {
    long frame = frames[worker];
    if (frame == 0) {
      throw new IllegalStateException("a kernel's launch is closed");
    }
    if (emptyGather) {
      if (low < high) {
        MEMORY.set(WORD, frame + words.fault, 1);
      }
      return;
    }
    if (blocks == 1) {
      if (low < high) {
        call(frame, low, high - low, 0, vectorExtent);
      }
      return;
    }
    boolean whole = layout.nest.mode() == Nest.Mode.MAP;
    for (long unit = low; unit < high; ) {
      long point = unit / blocks;
      long first = unit % blocks;
      long count = whole ? Math.min(high - unit, blocks - first) : 1;
      long start = first * block;
      call(frame, point, 1, start, Math.min(vectorExtent - start, count * block));
      unit += count;
    }
  }

  /** Runs {@code points} points of the odometer, {@code length} elements of the vectors each. */
  private void call(long frame, long point, long points, long start, long length) {
    MEMORY.set(WORD, frame + words.length, length);
    MEMORY.set(WORD, frame + words.start, start);
    MEMORY.set(WORD, frame + words.points, points);
    for (int w = 0; w < bases.length; w++) {
      long at = start == 0 ? bases[w] : bases[w] + start * vectorStrides[w];
      MEMORY.set(WORD, frame + words.pointers[w], at);
    }
    for (int counter : words.counters) {
      MEMORY.set(WORD, frame + counter, 0);
    }
    if (point > 0) {
      turn(frame, point);
    }
    MachineCode.run(entry, frame, 0, 0);
  }

  /** Sets the odometer to a point. */
  private void turn(long frame, long point) {
    long rest = point;
    for (int axis = 0; axis < extents.length; axis++) {
      long at = rest % extents[axis];
      rest /= extents[axis];
      MEMORY.set(WORD, frame + words.counters[axis], at);
      for (int w = 0; at != 0 && w < bases.length; w++) {
        long word = frame + words.pointers[w];
        MEMORY.set(WORD, word, MEMORY.get(WORD, word) + at * strides[w][axis]);
      }
    }
  }

  @Override
  public boolean takeFault() {
    if (!gathers) {
      return false;
    }
    boolean fault = false;
    for (long frame : frames) {
      if (frame == 0) {
        return false;
      }
      fault |= MEMORY.get(WORD, frame + words.fault) != 0;
      MEMORY.set(WORD, frame + words.fault, 0);
    }
    return fault;
  }

  @Override
  public void close() {
    Arrays.fill(frames, 0);
    arena.close();
  }
}
