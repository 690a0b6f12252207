package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.asm.VectorLength.V256;
import static dev.bascule.cpu.asm.VectorLength.V512;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.MaskOp;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The ends of a reduction along a row: 32 lanes set to the identity, and folded in halves. */
final class Folding {
  private final Layout layout;
  private final Lanes lanes;
  private final List<Vec> pinned;

  Folding(Layout layout, Lanes lanes, List<Vec> pinned) {
    this.layout = layout;
    this.lanes = lanes;
    this.pinned = pinned;
  }

  private Piece piece(Collection<Accumulator> live) {
    Piece piece = new Piece(layout, lanes, List.of(), 0, false, false);
    pinned.forEach(piece.registers::pin);
    for (Accumulator accumulator : live) {
      accumulator.registers().forEach(piece.registers::pin);
      if (accumulator.nanVector() != null) {
        piece.registers.pin(accumulator.nanVector());
      }
      if (accumulator.nanMask() != null) {
        piece.registers.pin(accumulator.nanMask());
      }
    }
    return piece;
  }

  void start(Accumulator accumulator) {
    Assembler asm = layout.asm;
    ScalarType type = accumulator.instruction().type();
    Home identity = new Home.Pool(accumulator.instruction().reduction().identity(type));
    Piece piece = piece(List.of());
    for (Vec vec : accumulator.registers()) {
      piece.transfers.load(vec, type, identity);
    }
    if (!accumulator.inRegisters()) {
      Vec vec = new Vec(0);
      piece.transfers.load(vec, type, identity);
      for (int q = 0; q < 32 / lanes.count(); q++) {
        int at = accumulator.slot() + q * Frame.VECTOR_BYTES;
        asm.op(VMOVUPS_STORE, lanes.length(type), Frame.at(at), vec);
      }
    }
    if (accumulator.nanMask() != null) {
      asm.mask(
          MaskOp.KXOR,
          Width.B16,
          accumulator.nanMask(),
          accumulator.nanMask(),
          accumulator.nanMask());
    }
    if (accumulator.nanVector() != null) {
      asm.zero(accumulator.nanVector());
    }
  }

  /** Folds the lanes and writes the result to all lanes of a vector of the frame. */
  Vec finish(Accumulator accumulator, Collection<Accumulator> live, int slot) {
    Assembler asm = layout.asm;
    ScalarType type = accumulator.instruction().type();
    Piece piece = piece(live);
    List<Vec> vecs = new ArrayList<>(accumulator.registers());
    for (int q = 0; !accumulator.inRegisters() && q < 32 / lanes.count(); q++) {
      Vec vec = piece.registers.temp();
      asm.op(
          VMOVUPS, lanes.length(type), vec, Frame.at(accumulator.slot() + q * Frame.VECTOR_BYTES));
      vecs.add(vec);
    }
    for (int half = vecs.size() / 2; half >= 1; half /= 2) {
      for (int q = 0; q < half; q++) {
        fold(live, accumulator, vecs, vecs.get(q), vecs.get(q + half), lanes.length(type));
      }
    }
    Vec sum = vecs.getFirst();
    Vec upper = piece.registers.temp();
    int laneBytes = type.isWide() ? 8 : 4; // also of truth values, whose elements are bytes
    for (int half = lanes.count() / 2; half >= 1; half /= 2) {
      VectorLength length = upperPart(upper, sum, half * laneBytes);
      fold(live, accumulator, List.of(sum, upper), sum, upper, length);
    }
    if (accumulator.notesNan()) {
      nanWins(accumulator, sum, type);
    }
    asm.op(type.isWide() ? VBROADCASTSD : VBROADCASTSS, lanes.widest(), sum, sum);
    asm.op(VMOVUPS_STORE, lanes.widest(), Frame.at(slot), sum);
    return sum;
  }

  private void fold(
      Collection<Accumulator> live,
      Accumulator accumulator,
      List<Vec> taken,
      Vec a,
      Vec b,
      VectorLength length) {
    Piece piece = piece(live);
    taken.forEach(piece.registers::pin);
    ScalarType type = accumulator.instruction().type();
    Primitive op = accumulator.instruction().reduction().primitive();
    if (Accumulator.isFloatExtreme(accumulator.instruction())) {
      if (accumulator.notesNan()) {
        layout.asm.op(Arithmetic.extremeRow(op == Primitive.MIN, type), length, a, a, b);
      } else {
        Vec result = piece.registers.temp();
        piece.arithmetic.combine(result, op, type, length, a, b);
        piece.transfers.move(a, result);
      }
    } else {
      piece.arithmetic.combine(a, op, type, length, a, b);
    }
  }

  /** The upper half of what is left, moved down; gives the length that holds it. */
  private VectorLength upperPart(Vec to, Vec from, int bytes) {
    Assembler asm = layout.asm;
    switch (bytes) {
      case 32 -> {
        asm.op(VEXTRACTF64X4, V512, to, from, 1);
        return V256;
      }
      case 16 -> {
        asm.op(lanes.hasMasks() ? VEXTRACTF32X4 : VEXTRACTF128, V256, to, from, 1);
        return V128;
      }
      case 8 -> asm.op(VPSHUFD, V128, to, from, 0xEE);
      default -> asm.op(VPSHUFD, V128, to, from, 0x55);
    }
    return V128;
  }

  private void nanWins(Accumulator accumulator, Vec sum, ScalarType type) {
    Assembler asm = layout.asm;
    Label none = asm.newLabel();
    if (accumulator.nanMask() != null) {
      asm.mask(MaskOp.KORTEST, Width.B16, accumulator.nanMask(), accumulator.nanMask());
    } else if (accumulator.nanVector() != null) {
      VectorLength length = lanes.length(type);
      asm.op(VMOVMSKPS, length, Pointers.VALUE, accumulator.nanVector());
      asm.test(Pointers.VALUE, Pointers.VALUE);
    }
    asm.jcc(Condition.EQUAL, none);
    if (type == ScalarType.F32) {
      asm.op(VMOVSS, V128, sum, asm.constant(Float.NaN));
    } else {
      asm.op(VMOVSD, V128, sum, asm.constant(Double.NaN));
    }
    asm.bind(none);
  }
}
