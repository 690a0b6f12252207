package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.emit.Pointers.ACCUMULATOR;
import static dev.bascule.cpu.emit.Pointers.ADDRESS;
import static dev.bascule.cpu.emit.Pointers.END;
import static dev.bascule.cpu.emit.Pointers.POSITION;
import static dev.bascule.cpu.emit.Pointers.VALUE;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.Width;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Code for Row kernels whose vectors lie across rows: a block of columns at a time, row position by
 * row position, so that memory is read in the order it lies in. The 32 lanes of a reduction are 32
 * vectors per column block, in the frame; a sequential accumulation is one.
 */
final class ColumnCode implements Piece.Surroundings {
  /** Pieces of a block whose lanes are in registers: memory is read in runs of that length. */
  private static final int LANE_PIECES_MAX = 16;

  private static final int LANE_PIECES_WANTED = 8;

  private final Layout layout;
  private final Code code;
  private final Pins pins;
  private final int columns;

  /** Elements from one lane's vectors to the next's: not a power of two, for the cache's sake. */
  private final int pitch;

  private final int laneBase;

  /** Where a reduction's accumulators are, and how many lanes of them the row can reach. */
  record Lanes32(int offset, int lanes) {}

  private final Map<Integer, Lanes32> accumulators = new HashMap<>();
  private final List<Vec> lanesInRegisters = new ArrayList<>();
  private final Map<Stages.Loop, Integer> rooms = new HashMap<>();

  /** First of the registers that hold a reduction's lane, one for each piece of a block. */
  private final Map<Integer, Integer> laneRegisters = new HashMap<>();

  private boolean inLoop;

  ColumnCode(Layout layout) {
    this.layout = layout;
    this.code = new Code(layout);
    this.pins = new Pins(layout);
    this.columns = columns(layout);
    this.pitch = columns + Frame.VECTOR_BYTES / 4;
    this.laneBase = layout.frame.word();
  }

  /** Columns of a block: accumulators should leave room in the L1 cache. */
  static int columns(Layout layout) {
    long reductions =
        layout.body.stream()
            .filter(i -> i instanceof Instruction.Reduce r && r.reduction() != Reduction.FMA)
            .mapToInt(i -> i.type().bytes())
            .sum();
    return reductions <= 4
        ? Emission.COLUMNS
        : reductions <= 8 ? Emission.COLUMNS / 2 : Emission.COLUMNS / 4;
  }

  private Assembler asm() {
    return layout.asm;
  }

  void emit() {
    placeArrays();
    List<Stages.Loop> loops = layout.stages.loops();
    Label again = asm().newLabel();
    code.enter();
    int room = Integer.MAX_VALUE;
    Map<Integer, Integer> uses = new HashMap<>();
    for (Stages.Loop loop : loops) {
      int free = roomIn(loop);
      rooms.put(loop, free);
      room = Math.min(room, free - LANE_PIECES_WANTED * reductions(loop.order()).size());
      pins.count(loop, lanesOf(loop.order()), uses, false);
    }
    pins.pin(Pins.best(uses, room), 0);
    asm().bind(again);
    for (int k = 0; k <= loops.size(); k++) {
      between(layout.stages.between().get(k));
      if (k < loops.size()) {
        loop(loops.get(k));
      }
    }
    code.advance(again);
    code.leave();
  }

  private Lanes lanesOf(List<Integer> order) {
    return Lanes.of(layout.isa, layout.stages.isWide(layout.body, order, true));
  }

  /** An array over the block's columns for each uniform value, accumulators for each reduction. */
  private void placeArrays() {
    for (List<Integer> order : layout.stages.between()) {
      for (int i : order) {
        if (!(layout.body.get(i) instanceof Instruction.Store) && code.isReadOutside(i, order)) {
          layout.homes[i] = new Home.Array(array(layout.type(i), 1));
        }
      }
    }
    long most = layout.nest.rowExtent().max();
    for (int i = 0; i < layout.body.size(); i++) {
      if (layout.body.get(i) instanceof Instruction.Reduce reduce) {
        boolean sequential = reduce.reduction() == Reduction.FMA;
        int reached = 1;
        while (reached < Reduction.LANES && reached < most) {
          reached *= 2;
        }
        int lanes = sequential ? 1 : Reduction.LANES;
        accumulators.put(i, new Lanes32(array(reduce.type(), lanes), sequential ? 1 : reached));
      }
    }
  }

  private int array(ScalarType type, int rows) {
    int bytes = type.isWide() ? 8 : 4;
    return layout.frame.reserve(
        (long) rows * pitch * bytes + Frame.VECTOR_BYTES, Frame.VECTOR_BYTES);
  }

  private int roomIn(Stages.Loop loop) {
    if (layout.frugal) {
      return 0;
    }
    Assembler real = layout.asm;
    layout.asm = new Assembler(layout.isa);
    inLoop = true;
    try {
      Piece piece = new Piece(layout, lanesOf(loop.order()), loop.order(), 0, false, false);
      piece.emit(this);
      int reserve = layout.isa == IsaLevel.AVX512 ? 1 : 2;
      return Math.min(
          piece.lanes.registers() - piece.registers.mostUsed() - reserve,
          piece.lanes.registers() - pins.count() - Pins.FREE_AT_LEAST);
    } finally {
      layout.asm = real;
      inLoop = false;
    }
  }

  Piece piece(List<Integer> order, Lanes lanes, int q, boolean tail, boolean between) {
    Piece piece = new Piece(layout, lanes, order, q * lanes.count(), tail, between);
    if (between) {
      pins.protect(piece.registers);
    } else {
      pins.share(piece.registers);
    }
    lanesInRegisters.forEach(piece.registers::pin);
    if (tail && lanes.hasMasks()) {
      piece.registers.pin(Avx512Transfers.TAIL);
    } else if (tail) {
      piece.registers.pin(Avx2Transfers.TAIL);
    }
    return piece;
  }

  // ---- work between loops, for each column of the block

  private void between(List<Integer> order) {
    inLoop = false;
    if (order.isEmpty()) {
      return;
    }
    across(order, lanesOf(order), 1, true);
  }

  /** The instructions for all columns of the block: whole pieces, then the tail. */
  private void across(List<Integer> order, Lanes lanes, int unroll, boolean between) {
    code.startCursors(order);
    asm().zero(POSITION);
    int step = unroll * lanes.count();
    Label tail = asm().newLabel();
    asm().mov(END, Frame.at(layout.frame.length));
    asm().and(END, -step);
    asm().jcc(Condition.EQUAL, tail);
    asm().align(32);
    Label again = asm().here();
    for (int q = 0; q < unroll; q++) {
      piece(order, lanes, q, false, between).emit(this);
      code.advanceCursors(order, lanes);
    }
    asm().add(POSITION, step);
    if (!between) {
      asm().add(ACCUMULATOR, step);
    }
    asm().cmp(POSITION, END);
    asm().jcc(Condition.BELOW, again);
    asm().bind(tail);
    code.tailLoop(
        lanes,
        () -> {
          piece(order, lanes, 0, true, between).emit(this);
          if (!between) {
            asm().add(ACCUMULATOR, lanes.count());
          }
        },
        order);
  }

  @Override
  public void computed(Piece piece, int i) {
    if (inLoop || !(layout.homes[i] instanceof Home.Array array) || !layout.stages.uniform()[i]) {
      return;
    }
    ScalarType type = layout.type(i);
    Mem to = piece.array(array.offset(), type);
    if (type == ScalarType.BOOL && piece.lanes.hasMasks()) {
      Vec ones = piece.registers.temp();
      asm().op(VPMOVM2D, piece.lanes.length(type), ones, piece.registers.mask(i));
      asm().op(VMOVUPS_STORE, piece.lanes.length(type), to, ones);
    } else {
      asm().op(VMOVUPS_STORE, piece.lanes.length(type), to, piece.registers.vec(i));
    }
  }

  @Override
  public void prepare(Piece piece, int i) {
    throw new IllegalStateException("gathers across rows have no row address");
  }

  // ---- loops over row positions

  private List<Integer> reductions(List<Integer> order) {
    return order.stream().filter(i -> layout.body.get(i) instanceof Instruction.Reduce).toList();
  }

  private void loop(Stages.Loop loop) {
    List<Integer> order = loop.order();
    Lanes lanes = lanesOf(order);
    List<Integer> reductions = reductions(order);
    int room = rooms.getOrDefault(loop, 0) - pins.count();
    long steps = reductions.stream().map(i -> accumulator(i).lanes()).distinct().count();
    if (steps == 1 && room >= reductions.size()) {
      inLoop = true;
      int pieces = Integer.highestOneBit(Math.min(LANE_PIECES_MAX, room / reductions.size()));
      new LaneLoops(layout, code, pins, this).emit(order, lanes, reductions, pieces);
      inLoop = false;
      return;
    }
    for (int i : order) {
      if (layout.body.get(i) instanceof Instruction.Reduce reduce) {
        startAccumulator(i, reduce);
      }
    }
    inLoop = true;
    Label done = asm().newLabel();
    asm().mov(ADDRESS, Frame.at(layout.frame.rows));
    asm().test(ADDRESS, ADDRESS);
    asm().jcc(Condition.EQUAL, done);
    asm().store(Width.B64, Frame.at(layout.frame.row), 0);
    asm().store(Width.B64, Frame.at(laneBase), 0);
    List<Integer> moving = moving(order);
    for (int walk : moving) {
      startRow(walk);
    }
    Label nextRow = asm().here();
    asm().mov(ACCUMULATOR, Frame.at(laneBase));
    across(order, lanes, order.size() <= 8 ? 4 : order.size() <= 20 ? 2 : 1, false);
    nextLane();
    code.count(layout.frame.row, 1);
    for (int walk : moving) {
      nextRow(walk);
    }
    asm().mov(ADDRESS, Frame.at(layout.frame.row));
    asm().cmp(ADDRESS, Frame.at(layout.frame.rows));
    asm().jcc(Condition.BELOW, nextRow);
    asm().bind(done);
    inLoop = false;
  }

  int pitch() {
    return pitch;
  }

  /** Gives each reduction {@code pieces} registers, from below the pins down. */
  void holdLanes(List<Integer> reductions, int pieces) {
    int next = pins.next(0).number();
    for (int i : reductions) {
      laneRegisters.put(i, next);
      for (int q = 0; q < pieces; q++) {
        lanesInRegisters.add(new Vec(next--));
      }
    }
  }

  /** The register of a reduction's lane in piece {@code q}. */
  Vec laneRegister(int i, int q) {
    return new Vec(laneRegisters.getOrDefault(i, 0) - q);
  }

  void releaseLanes() {
    laneRegisters.clear();
    lanesInRegisters.clear();
  }

  List<Integer> moving(List<Integer> order) {
    List<Integer> walks = new ArrayList<>();
    for (int i : order) {
      int walk = layout.walkOf(i);
      if (walk >= 0
          && layout.pointers.walk(walk).row() != Walk.Step.UNIFORM
          && !walks.contains(walk)) {
        walks.add(walk);
      }
    }
    return walks;
  }

  private void startRow(int walk) {
    Gpr register = layout.pointers.register(walk);
    Pointers.Words words = layout.pointers.words(walk);
    if (register != null) {
      asm().mov(register, Frame.at(words.pointer()));
    } else {
      asm().mov(ADDRESS, Frame.at(words.pointer()));
      asm().store(Width.B64, Frame.at(words.rowPointer()), ADDRESS);
    }
  }

  private void nextRow(int walk) {
    Gpr register = layout.pointers.register(walk);
    Pointers.Words words = layout.pointers.words(walk);
    boolean table = layout.pointers.walk(walk).row() == Walk.Step.TABLE;
    Gpr to = register == null ? ADDRESS : register;
    if (table) {
      // The table has a few words more than rows, so that this may read one beyond.
      asm().mov(ADDRESS, Frame.at(words.table()));
      asm().mov(VALUE, Frame.at(layout.frame.row));
      asm().mov(to, Mem.at(ADDRESS, VALUE, 8));
      asm().add(to, Frame.at(words.pointer()));
    } else if (register == null) {
      asm().mov(to, Frame.at(words.rowPointer()));
      asm().add(to, Frame.at(words.rowStride()));
    } else {
      asm().add(to, Frame.at(words.rowStride()));
    }
    if (register == null) {
      asm().store(Width.B64, Frame.at(words.rowPointer()), to);
    }
  }

  /** The next row position adds to the next of the 32 lanes. */
  private void nextLane() {
    Label within = asm().newLabel();
    asm().mov(ADDRESS, Frame.at(laneBase));
    asm().add(ADDRESS, pitch);
    asm().cmp(ADDRESS, Reduction.LANES * pitch);
    asm().jcc(Condition.BELOW, within);
    asm().zero(ADDRESS);
    asm().bind(within);
    asm().store(Width.B64, Frame.at(laneBase), ADDRESS);
  }

  // ---- reductions

  Lanes32 accumulator(int i) {
    Lanes32 accumulator = accumulators.get(i);
    if (accumulator == null) {
      throw new IllegalStateException("no accumulator for %" + i);
    }
    return accumulator;
  }

  private void startAccumulator(int i, Instruction.Reduce reduce) {
    Lanes lanes = Lanes.of(layout.isa, reduce.type().isWide());
    Lanes32 accumulator = accumulator(i);
    boolean sequential = reduce.reduction() == Reduction.FMA;
    Home start =
        sequential
            ? Objects.requireNonNull(layout.homes[reduce.operands().get(2)], "initial value")
            : new Home.Pool(reduce.reduction().identity(reduce.type()));
    ScalarType type = reduce.type();
    Vec vec = new Vec(0);
    asm().mov(END, Frame.at(layout.frame.length));
    asm().zero(POSITION);
    Label again = asm().here();
    Piece piece = new Piece(layout, lanes, List.of(), 0, false, false);
    piece.transfers.load(vec, type, start);
    for (int lane = 0; lane < accumulator.lanes(); lane++) {
      int offset = accumulator.offset() + lane * pitch * (type.isWide() ? 8 : 4);
      asm().op(VMOVUPS_STORE, lanes.length(type), piece.array(offset, type), vec);
    }
    asm().add(POSITION, lanes.count());
    asm().cmp(POSITION, END);
    asm().jcc(Condition.BELOW, again);
  }

  @Override
  public void reduce(Piece piece, int i) {
    if (!(layout.body.get(i) instanceof Instruction.Reduce reduce)) {
      throw new IllegalStateException();
    }
    if (!inLoop) {
      fold(piece, i, reduce);
    } else if (laneRegisters.containsKey(i)) {
      intoRegister(piece, i, reduce);
    } else if (reduce.reduction() == Reduction.FMA) {
      multiplyAdd(piece, i, reduce);
    } else {
      ScalarType type = reduce.type();
      Mem lane = piece.accumulator(accumulator(i).offset(), type);
      Primitive op = reduce.reduction().primitive();
      int value = reduce.operands().getFirst();
      Vec operand =
          type == ScalarType.BOOL ? piece.transfers.lanesOfOnes(value) : piece.registers.vec(value);
      Vec to = piece.registers.temp();
      if (op == Primitive.ADD && !(type.isWide() && !type.isFloat())) {
        // Addition commutes to the bit, so that the lane can be the operand in memory.
        piece.arithmetic.combine(to, op, type, piece.lanes.length(type), operand, lane);
      } else {
        Vec sum = piece.registers.temp();
        asm().op(VMOVUPS, piece.lanes.length(type), sum, lane);
        piece.arithmetic.combine(to, op, type, piece.lanes.length(type), sum, operand);
      }
      asm().op(VMOVUPS_STORE, piece.lanes.length(type), lane, to);
    }
  }

  private void intoRegister(Piece piece, int i, Instruction.Reduce reduce) {
    ScalarType type = reduce.type();
    int piecesBefore = piece.shift / piece.lanes.count();
    Vec lane = new Vec(laneRegisters.getOrDefault(i, 0) - piecesBefore);
    int value = reduce.operands().getFirst();
    if (reduce.reduction() == Reduction.FMA) {
      Vec a = piece.registers.vec(value);
      int second = reduce.operands().get(1);
      if (type.isFloat()) {
        Operand b = piece.registers.operand(second);
        asm()
            .op(
                type == ScalarType.F32 ? VFMADD231PS : VFMADD231PD,
                piece.lanes.length(type),
                lane,
                a,
                b);
      } else {
        Vec product = piece.registers.temp();
        Vec b = piece.registers.vec(second);
        piece.arithmetic.combine(product, Primitive.MUL, type, piece.lanes.length(type), a, b);
        asm().op(type.isWide() ? VPADDQ : VPADDD, piece.lanes.length(type), lane, lane, product);
      }
      return;
    }
    Primitive op = reduce.reduction().primitive();
    Operand operand =
        type == ScalarType.BOOL
            ? piece.transfers.lanesOfOnes(value)
            : piece.registers.operand(value);
    if (type.isFloat() && (op == Primitive.MIN || op == Primitive.MAX)) {
      Vec next = piece.registers.temp();
      piece.arithmetic.combine(next, op, type, piece.lanes.length(type), lane, operand);
      piece.transfers.move(lane, next);
    } else {
      piece.arithmetic.combine(lane, op, type, piece.lanes.length(type), lane, operand);
    }
  }

  private void multiplyAdd(Piece piece, int i, Instruction.Reduce reduce) {
    ScalarType type = reduce.type();
    Mem at = piece.array(accumulator(i).offset(), type);
    Vec a = piece.registers.vec(reduce.operands().get(0));
    Vec b = piece.registers.vec(reduce.operands().get(1));
    Vec sum = piece.registers.temp();
    if (type.isFloat()) {
      asm().op(VMOVUPS, piece.lanes.length(type), sum, at);
      asm()
          .op(
              type == ScalarType.F32 ? VFMADD231PS : VFMADD231PD,
              piece.lanes.length(type),
              sum,
              a,
              b);
    } else {
      piece.arithmetic.combine(sum, Primitive.MUL, type, piece.lanes.length(type), a, b);
      asm().op(type.isWide() ? VPADDQ : VPADDD, piece.lanes.length(type), sum, sum, at);
    }
    asm().op(VMOVUPS_STORE, piece.lanes.length(type), at, sum);
  }

  /** Lanes that no position reached hold the identity, which changes nothing: they are left out. */
  private void fold(Piece piece, int i, Instruction.Reduce reduce) {
    Lanes32 accumulator = accumulator(i);
    Vec sum = folded(piece, accumulator, reduce, 0, 1);
    if (reduce.type() == ScalarType.BOOL && piece.lanes.hasMasks()) {
      asm()
          .op(
              VPTESTMD_MASK,
              piece.lanes.length(reduce.type()),
              piece.registers.defineMask(i),
              sum,
              sum);
    } else {
      piece.transfers.move(piece.registers.define(i), sum);
    }
  }

  /** Lane {@code lane} once the lanes from {@code step} on have been folded onto those before. */
  private Vec folded(
      Piece piece, Lanes32 accumulator, Instruction.Reduce reduce, int lane, int step) {
    ScalarType type = reduce.type();
    int bytes = type.isWide() ? 8 : 4;
    Vec to = piece.registers.temp();
    if (step >= accumulator.lanes()) {
      asm()
          .op(
              VMOVUPS,
              piece.lanes.length(type),
              to,
              piece.array(accumulator.offset() + lane * pitch * bytes, type));
      return to;
    }
    Primitive op = reduce.reduction().primitive();
    Vec a = folded(piece, accumulator, reduce, lane, 2 * step);
    Vec b = folded(piece, accumulator, reduce, lane + step, 2 * step);
    piece.arithmetic.combine(to, op, type, piece.lanes.length(type), a, b);
    piece.registers.give(a);
    piece.registers.give(b);
    return to;
  }
}
