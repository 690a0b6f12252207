package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.emit.Pointers.ADDRESS;
import static dev.bascule.cpu.emit.Pointers.END;
import static dev.bascule.cpu.emit.Pointers.POSITION;
import static dev.bascule.cpu.emit.Pointers.VALUE;

import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.MaskOp;
import dev.bascule.cpu.asm.Masking;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.Width;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Code for kernels whose vectors lie along the row (or along one axis of a Map kernel): for each
 * point of the odometer, the stages' loops one after the other. A loop with reductions steps by 32
 * elements, so that its accumulators are exactly the 32 lanes of the reduction's order.
 */
final class RowCode implements Piece.Surroundings {
  private static final int LIVE_MAX = 4;
  private static final List<Mask> NAN_MASKS = List.of(Mask.K6, Mask.K5);

  private final Layout layout;
  private final Code code;
  private final Map<Integer, Accumulator> accumulators = new HashMap<>();

  /** Uniform values that are still in registers, in all lanes, until the next loop begins. */
  private final Map<Integer, Vec> live = new HashMap<>();

  private final Pins pins;
  private Stages.Loop current = new Stages.Loop(List.of(), List.of(), List.of());
  private boolean inLoop;

  RowCode(Layout layout) {
    this.layout = layout;
    this.code = new Code(layout);
    this.pins = new Pins(layout);
  }

  private Assembler asm() {
    return layout.asm;
  }

  /** Writes the function. */
  void emit() {
    List<Stages.Loop> loops = layout.stages.loops();
    code.placeUniform();
    layout.keptInFrame = new Keeping(layout).place();
    Label again = asm().newLabel();
    code.enter();
    pinEverywhere(loops);
    asm().bind(again);
    for (int k = 0; k <= loops.size(); k++) {
      between(k);
      if (k < loops.size()) {
        loop(loops.get(k));
      }
    }
    code.advance(again);
    code.leave();
  }

  // ---- work between loops

  private void between(int k) {
    inLoop = false;
    List<Integer> order =
        layout.stages.between().get(k).stream()
            .filter(i -> !(layout.body.get(i) instanceof Instruction.Reduce))
            .toList();
    if (order.isEmpty()) {
      return;
    }
    boolean wide = layout.stages.isWide(layout.body, order, true);
    Piece piece = new Piece(layout, Lanes.single(layout.isa, wide), order, 0, false, true);
    pins.protect(piece.registers);
    live.forEach(piece.registers::pin);
    piece.emit(this);
  }

  @Override
  public void computed(Piece piece, int i) {
    if (inLoop) {
      if (current.keeps().contains(i)) {
        keep(piece, i);
      }
    } else if (layout.homes[i] instanceof Home.Slot slot
        && !(layout.body.get(i) instanceof Instruction.Store)) {
      export(piece, i, slot.offset());
    }
  }

  /** Writes a value that later loops read again to its home. */
  private void keep(Piece piece, int i) {
    if (layout.homes[i] instanceof Home.Array array) {
      ScalarType type = layout.type(i);
      Vec value = piece.registers.vec(i);
      asm().op(VMOVUPS_STORE, piece.lanes.length(type), piece.array(array.offset(), type), value);
    } else if (layout.homes[i] instanceof Home.Operand operand) {
      piece.registers.forgetOperands();
      piece.transfers.store(operand.walk(), i, Instruction.ALWAYS);
    }
  }

  /** A uniform value, from lane 0, into all lanes of its place. */
  private void export(Piece piece, int i, int offset) {
    ScalarType type = layout.type(i);
    boolean keep = !layout.frugal && live.size() < LIVE_MAX && !isMask(type);
    Vec all = keep ? piece.registers.keep().orElse(null) : null;
    if (all == null) {
      all = piece.registers.temp();
    } else {
      live.put(i, all);
    }
    if (isMask(type)) {
      asm().kmov(Width.B32, VALUE, piece.registers.mask(i));
      asm().and(VALUE, 1);
      asm().neg(VALUE);
      asm().op(VPBROADCASTD_GPR, piece.lanes.widest(), all, VALUE);
    } else {
      Vec value = piece.registers.vec(i);
      asm().op(type.isWide() ? VBROADCASTSD : VBROADCASTSS, piece.lanes.widest(), all, value);
    }
    asm().op(VMOVUPS_STORE, piece.lanes.widest(), Frame.at(offset), all);
  }

  private boolean isMask(ScalarType type) {
    return type == ScalarType.BOOL && layout.isa == IsaLevel.AVX512;
  }

  @Override
  public void prepare(Piece piece, int i) {
    if (!(layout.body.get(i) instanceof Instruction.LoadAt load)) {
      throw new IllegalStateException();
    }
    Vec index = piece.registers.vec(load.index());
    Vec valid = piece.registers.temp();
    Label fine = asm().newLabel();
    asm().op(VMOVQ_GPR, V128, ADDRESS, index);
    ones(valid, piece.lanes);
    asm().cmp(ADDRESS, Frame.at(layout.extentOf(i)));
    asm().jcc(Condition.BELOW, fine);
    asm().store(Width.B64, Frame.at(layout.frame.fault), 1);
    asm().zero(ADDRESS);
    asm().zero(valid);
    asm().bind(fine);
    asm().op(VMOVUPS_STORE, piece.lanes.widest(), Frame.at(layout.preparedValid(i)), valid);
    asm().imul(ADDRESS, Frame.at(layout.strideOf(i)));
    int walk = layout.walkOf(i);
    if (layout.pointers.register(walk) != null) {
      asm().add(ADDRESS, layout.pointers.base(walk));
    } else {
      asm().add(ADDRESS, Frame.at(layout.pointers.words(walk).pointer()));
    }
    int prepared = layout.preparedWalk(i);
    asm().store(Width.B64, Frame.at(layout.pointers.words(prepared).pointer()), ADDRESS);
    if (layout.stages.uniform()[i]) {
      piece.transfers.loadNow(i, prepared, Instruction.ALWAYS);
      piece.arithmetic.keepWhere(i, Frame.at(layout.preparedValid(i)));
    }
  }

  private void ones(Vec to, Lanes lanes) {
    if (lanes.hasMasks()) {
      asm().op(VPTERNLOGD, lanes.widest(), to, to, to, 0xFF);
    } else {
      asm().op(VPCMPEQD, lanes.widest(), to, to, to);
    }
  }

  // ---- loops

  private Lanes lanesOf(Stages.Loop loop) {
    return Lanes.of(layout.isa, layout.stages.isWide(layout.body, loop.order(), false));
  }

  /** Constants that all loops leave room for stay in registers for the whole call. */
  private void pinEverywhere(List<Stages.Loop> loops) {
    int room = Integer.MAX_VALUE;
    Map<Integer, Integer> uses = new HashMap<>();
    for (Stages.Loop loop : loops) {
      room = Math.min(room, roomIn(loop));
      pins.count(loop, lanesOf(loop), uses, false);
    }
    pins.pin(Pins.best(uses, room), 0);
  }

  /** Registers that a loop's straight-line code leaves free. */
  private int roomIn(Stages.Loop loop) {
    if (layout.frugal) {
      return 0;
    }
    Assembler real = layout.asm;
    layout.asm = new Assembler(layout.isa);
    try {
      accumulate(loop);
      enterLoop(loop);
      Piece piece = piece(loop, 0, false);
      piece.emit(this);
      int reserve = layout.isa == IsaLevel.AVX512 ? 1 : 2;
      return Math.min(
          piece.lanes.registers() - piece.registers.mostUsed() - reserve,
          piece.lanes.registers() - pins.count() - accumulatorRegisters() - Pins.FREE_AT_LEAST);
    } finally {
      layout.asm = real;
      accumulators.clear();
    }
  }

  private int accumulatorRegisters() {
    int count = 0;
    for (Accumulator accumulator : accumulators.values()) {
      count += accumulator.registers().size() + (accumulator.nanVector() == null ? 0 : 1);
    }
    return count;
  }

  /** Gives each reduction of the loop its accumulators. */
  private void accumulate(Stages.Loop loop) {
    accumulators.clear();
    Lanes lanes = lanesOf(loop);
    int pieces = Reduction.LANES / lanes.count();
    int budget = layout.frugal ? 0 : lanes.hasMasks() ? 20 : 9;
    int masks = 0;
    for (int i : loop.order()) {
      if (!(layout.body.get(i) instanceof Instruction.Reduce reduce)) {
        continue;
      }
      List<Vec> registers = new ArrayList<>();
      int top = pins.next(accumulatorRegisters()).number();
      boolean extreme = Accumulator.isFloatExtreme(reduce);
      boolean fits = pieces + (extreme ? 1 : 0) <= budget - accumulatorRegisters();
      for (int q = 0; fits && q < pieces; q++) {
        registers.add(new Vec(top - q));
      }
      Mask mask =
          extreme && lanes.hasMasks() && masks < NAN_MASKS.size() ? NAN_MASKS.get(masks++) : null;
      Vec vector = extreme && fits ? new Vec(top - pieces) : null;
      int slot =
          fits ? -1 : layout.frame.reserve((long) pieces * Frame.VECTOR_BYTES, Frame.VECTOR_BYTES);
      accumulators.put(i, new Accumulator(i, reduce, registers, slot, mask, vector));
    }
  }

  private void enterLoop(Stages.Loop loop) {
    current = loop;
    inLoop = true;
  }

  private Piece piece(Stages.Loop loop, int q, boolean tail) {
    Lanes lanes = lanesOf(loop);
    Piece piece = new Piece(layout, lanes, loop.order(), q * lanes.count(), tail, false);
    pins.share(piece.registers);
    pinAccumulators(piece.registers);
    if (tail) {
      if (lanes.hasMasks()) {
        piece.registers.pin(Avx512Transfers.TAIL);
      } else {
        piece.registers.pin(Avx2Transfers.TAIL);
      }
    }
    return piece;
  }

  private void pinAccumulators(Registers registers) {
    for (Accumulator accumulator : accumulators.values()) {
      accumulator.registers().forEach(registers::pin);
      if (accumulator.nanMask() != null) {
        registers.pin(accumulator.nanMask());
      }
      if (accumulator.nanVector() != null) {
        registers.pin(accumulator.nanVector());
      }
    }
  }

  private void loop(Stages.Loop loop) {
    int room = roomIn(loop);
    accumulate(loop);
    enterLoop(loop);
    Lanes lanes = lanesOf(loop);
    Map<Integer, Integer> uses = new HashMap<>();
    pins.count(loop, lanes, uses, true);
    List<Integer> extra = Pins.best(uses, room);
    pins.pin(extra, accumulatorRegisters(), live);
    live.clear();
    Folding folding = new Folding(layout, lanes, pins.registers());
    accumulators.values().forEach(folding::start);
    code.startCursors(loop.order());
    asm().zero(POSITION);
    int unroll = accumulators.isEmpty() ? unroll(loop) : Reduction.LANES / lanes.count();
    main(loop, unroll, lanes);
    if (!hasTail(unroll * lanes.count())) {
      live.clear();
    } else if (accumulators.isEmpty()) {
      code.tailLoop(lanes, () -> piece(loop, 0, true).emit(this), loop.order());
    } else {
      tailPieces(loop, lanes);
    }
    for (Accumulator accumulator : accumulators.values()) {
      if (layout.homes[accumulator.reduce()] instanceof Home.Slot slot) {
        Vec sum = folding.finish(accumulator, accumulators.values(), slot.offset());
        if (accumulator.inRegisters() && !isMask(layout.type(accumulator.reduce()))) {
          live.put(accumulator.reduce(), sum);
        }
      }
    }
    pins.release(extra);
    accumulators.clear();
    inLoop = false;
  }

  private static int unroll(Stages.Loop loop) {
    return loop.order().size() <= 6 ? 4 : loop.order().size() <= 16 ? 2 : 1;
  }

  /** The length along the vectors where it is built in, else -1. */
  private long builtIn() {
    Dim extent = layout.nest.vectorExtent();
    boolean whole = layout.nest.mode() == Nest.Mode.ROW || extent.max() < 2 * Emission.MAP_BLOCK;
    return extent.isConstant() && whole ? extent.constant() : -1;
  }

  private void main(Stages.Loop loop, int unroll, Lanes lanes) {
    int step = unroll * lanes.count();
    long length = builtIn();
    if (length >= 0 && length < step) {
      return;
    }
    Label done = asm().newLabel();
    if (length >= 0) {
      asm().mov(END, length / step * step);
    } else {
      asm().mov(END, Frame.at(layout.frame.length));
      asm().and(END, -step);
      asm().jcc(Condition.EQUAL, done);
    }
    asm().align(32);
    Label again = asm().here();
    for (int q = 0; q < unroll; q++) {
      piece(loop, q, false).emit(this);
      code.advanceCursors(loop.order(), lanes);
    }
    asm().add(POSITION, step);
    asm().cmp(POSITION, END);
    asm().jcc(Condition.BELOW, again);
    asm().bind(done);
  }

  private boolean hasTail(int step) {
    return builtIn() < 0 || builtIn() % step != 0;
  }

  /** What is left of 32 elements, a piece at a time, each with its own accumulators. */
  private void tailPieces(Stages.Loop loop, Lanes lanes) {
    Label done = asm().newLabel();
    asm().mov(END, Frame.at(layout.frame.length));
    asm().sub(END, POSITION);
    for (int q = 0; q < Reduction.LANES / lanes.count(); q++) {
      asm().cmp(END, q * lanes.count());
      asm().jcc(Condition.LESS_EQUAL, done);
      asm().lea(ADDRESS, dev.bascule.cpu.asm.Mem.at(END, -q * lanes.count()));
      code.tailMask(lanes);
      piece(loop, q, true).emit(this);
      code.advanceCursors(loop.order(), lanes);
    }
    asm().bind(done);
  }

  // ---- reductions

  @Override
  public void reduce(Piece piece, int i) {
    Accumulator accumulator = accumulators.get(i);
    if (accumulator == null) {
      throw new IllegalStateException("no accumulator for %" + i);
    }
    int value = accumulator.instruction().operands().getFirst();
    int q = piece.shift / piece.lanes.count();
    ScalarType type = accumulator.instruction().type();
    boolean extreme = Accumulator.isFloatExtreme(accumulator.instruction());
    Operand operand =
        type == ScalarType.BOOL
            ? piece.transfers.lanesOfOnes(value)
            : extreme ? piece.registers.vec(value) : piece.registers.operand(value);
    Vec lanesOfSum;
    if (accumulator.inRegisters()) {
      lanesOfSum = accumulator.registers().get(q);
    } else {
      lanesOfSum = piece.registers.temp();
      if (!(operand instanceof Vec)) {
        operand = piece.registers.vec(value);
      }
      int at = accumulator.slot() + q * Frame.VECTOR_BYTES;
      asm().op(VMOVUPS, piece.lanes.length(type), lanesOfSum, Frame.at(at));
    }
    if (extreme && operand instanceof Vec vec) {
      if (accumulator.notesNan()) {
        noteNan(piece, accumulator, vec, type);
        piece.arithmetic.accumulate(lanesOfSum, accumulator.instruction(), operand);
      } else {
        exactExtreme(piece, accumulator, lanesOfSum, vec);
      }
    } else {
      piece.arithmetic.accumulate(lanesOfSum, accumulator.instruction(), operand);
    }
    if (!accumulator.inRegisters()) {
      int at = accumulator.slot() + q * Frame.VECTOR_BYTES;
      asm().op(VMOVUPS_STORE, piece.lanes.length(type), Frame.at(at), lanesOfSum);
    }
  }

  private void noteNan(Piece piece, Accumulator accumulator, Vec value, ScalarType type) {
    boolean single = type == ScalarType.F32;
    int q = piece.shift / piece.lanes.count();
    Vec other = value;
    if (accumulator.nanMask() != null && accumulator.nanVector() != null && !piece.tail) {
      // One comparison finds a NaN in either of two pieces: the first waits for the second.
      other = accumulator.nanVector();
      if (q % 2 == 0) {
        piece.transfers.move(other, value);
        return;
      }
    }
    if (accumulator.nanMask() != null) {
      Mask nan = piece.registers.tempMask();
      Masking masking = piece.tail ? Masking.merge(Avx512Transfers.TAIL) : Masking.NONE;
      asm()
          .op(
              single ? VCMPPS_MASK : VCMPPD_MASK,
              piece.lanes.length(type),
              nan,
              other,
              value,
              masking,
              Arithmetic.UNORDERED);
      asm().mask(MaskOp.KOR, Width.B16, accumulator.nanMask(), accumulator.nanMask(), nan);
    } else if (accumulator.nanVector() != null) {
      Vec nan = piece.registers.temp();
      asm()
          .op(
              single ? VCMPPS : VCMPPD,
              piece.lanes.length(type),
              nan,
              value,
              value,
              Arithmetic.UNORDERED);
      if (piece.tail) {
        Vec mask =
            single
                ? Avx2Transfers.TAIL
                : ((Avx2Transfers) piece.transfers).widened(Avx2Transfers.TAIL);
        asm().op(VANDPS, piece.lanes.length(type), nan, nan, mask);
      }
      asm()
          .op(
              VORPS,
              piece.lanes.length(type),
              accumulator.nanVector(),
              accumulator.nanVector(),
              nan);
    }
  }

  private void exactExtreme(Piece piece, Accumulator accumulator, Vec lanesOfSum, Vec value) {
    ScalarType type = accumulator.instruction().type();
    Vec next = piece.registers.temp();
    piece.arithmetic.combine(
        next,
        accumulator.instruction().reduction().primitive(),
        type,
        piece.lanes.length(type),
        lanesOfSum,
        value);
    if (!piece.tail) {
      piece.transfers.move(lanesOfSum, next);
    } else if (piece.lanes.hasMasks()) {
      asm()
          .op(
              type.isWide() ? VMOVAPD : VMOVAPS,
              piece.lanes.length(type),
              lanesOfSum,
              next,
              Masking.merge(Avx512Transfers.TAIL));
    } else {
      Vec mask =
          type.isWide()
              ? ((Avx2Transfers) piece.transfers).widened(Avx2Transfers.TAIL)
              : Avx2Transfers.TAIL;
      asm()
          .blendv(
              type.isWide() ? VBLENDVPD : VBLENDVPS,
              piece.lanes.length(type),
              lanesOfSum,
              lanesOfSum,
              next,
              mask);
    }
  }
}
