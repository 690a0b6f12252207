package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.asm.VectorLength.V256;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Vsib;
import dev.bascule.cpu.asm.Width;
import java.util.List;

/**
 * Primitives in AVX2 with FMA and F16C. What AVX2 lacks for 64-bit integers is put together from
 * what it has, or done lane by lane through memory.
 */
final class Avx2Arithmetic extends Arithmetic {
  Avx2Arithmetic(Piece piece) {
    super(piece);
  }

  @Override
  void orNan(Vec to, Vec from) {
    Registers.Mark mark = registers.mark();
    Vec nan = registers.temp();
    asm.op(VCMPPS, length4, nan, from, from, UNORDERED);
    asm.blendv(VBLENDVPS, length4, to, to, constant(ScalarType.I32, 0x7FC00000), nan);
    registers.release(mark);
  }

  @Override
  void shiftRight64(Vec to, Vec value, Vec by) {
    Registers.Mark mark = registers.mark();
    Vec sign = registers.temp();
    asm.op(VMOVUPS, length8, sign, constant(ScalarType.I64, Long.MIN_VALUE));
    asm.op(VPSRLVQ, length8, sign, sign, by);
    asm.op(VPSRLVQ, length8, to, value, by);
    asm.op(VXORPD, length8, to, to, sign);
    asm.op(VPSUBQ, length8, to, to, sign);
    registers.release(mark);
  }

  @Override
  void takeNan(Vec to, Vec from, ScalarType type) {
    takeNan(to, from, type, length(type));
  }

  @Override
  void takeNan(Vec to, Vec from, ScalarType type, VectorLength length) {
    Registers.Mark mark = registers.mark();
    boolean single = type == ScalarType.F32;
    Vec nan = registers.temp();
    asm.op(single ? VCMPPS : VCMPPD, length, nan, from, from, UNORDERED);
    asm.blendv(single ? VBLENDVPS : VBLENDVPD, length, to, to, from, nan);
    registers.release(mark);
  }

  @Override
  void computeBool(int i, Primitive op, List<Integer> operands) {
    Vec a = registers.vec(operands.getFirst());
    if (op == Primitive.BOOL_TO_I32) {
      asm.op(VPSRLD, length4, registers.defineOver(i), a, 31);
      return;
    }
    if (op == Primitive.NOT) {
      asm.op(VXORPS, length4, registers.defineOver(i), a, constant(ScalarType.BOOL, 1));
      return;
    }
    Vec b = registers.vec(operands.get(1));
    switch (op) {
      case EQ -> {
        Vec to = registers.define(i);
        asm.op(VXORPS, length4, to, a, b);
        asm.op(VXORPS, length4, to, to, constant(ScalarType.BOOL, 1));
      }
      case NE, XOR -> asm.op(VXORPS, length4, registers.defineOver(i), a, b);
      case LT -> asm.op(VANDNPS, length4, registers.defineOver(i), a, b);
      case LE -> {
        Vec to = registers.define(i);
        asm.op(VXORPS, length4, to, a, constant(ScalarType.BOOL, 1));
        asm.op(VORPS, length4, to, to, b);
      }
      case AND -> asm.op(VANDPS, length4, registers.defineOver(i), a, b);
      case OR -> asm.op(VORPS, length4, registers.defineOver(i), a, b);
      case SELECT -> {
        Vec c = registers.vec(operands.get(2));
        asm.blendv(VBLENDVPS, length4, registers.define(i), c, b, a);
      }
      default -> throw new Decline(op + " of truth values");
    }
  }

  @Override
  void compare(int i, Primitive op, ScalarType type, int a, int b) {
    Vec first = registers.vec(a);
    if (type.isFloat()) {
      int predicate =
          switch (op) {
            case EQ -> EQUAL;
            case NE -> NOT_EQUAL;
            case LT -> LESS;
            default -> LESS_EQUAL;
          };
      Operand second = registers.operand(b);
      Vec to = registers.define(i);
      asm.op(type == ScalarType.F32 ? VCMPPS : VCMPPD, length(type), to, first, second, predicate);
      narrowMask(to, type);
      return;
    }
    Vec second = registers.vec(b);
    Vec to = registers.define(i);
    boolean wide = type.isWide();
    boolean inverted = op == Primitive.NE || op == Primitive.LE;
    switch (op) {
      case EQ, NE -> asm.op(wide ? VPCMPEQQ : VPCMPEQD, length(type), to, first, second);
      case LT -> asm.op(wide ? VPCMPGTQ : VPCMPGTD, length(type), to, second, first);
      case LE -> asm.op(wide ? VPCMPGTQ : VPCMPGTD, length(type), to, first, second);
      default -> below(to, type, first, second);
    }
    narrowMask(to, type);
    if (inverted) {
      asm.op(VXORPS, length4, to, to, constant(ScalarType.BOOL, 1));
    }
  }

  private void below(Vec to, ScalarType type, Vec a, Vec b) {
    Registers.Mark mark = registers.mark();
    boolean wide = type.isWide();
    long sign = wide ? Long.MIN_VALUE : Integer.MIN_VALUE;
    Vec flipped = registers.temp();
    asm.op(xor(type), length(type), flipped, a, constant(type, sign));
    asm.op(xor(type), length(type), to, b, constant(type, sign));
    asm.op(wide ? VPCMPGTQ : VPCMPGTD, length(type), to, to, flipped);
    registers.release(mark);
  }

  /** A mask of 64-bit lanes becomes one of 32-bit lanes. */
  private void narrowMask(Vec mask, ScalarType type) {
    if (type.isWide()) {
      lowHalves(mask, mask);
    }
  }

  /** The low 32 bits of 64-bit lanes, side by side. */
  private void lowHalves(Vec to, Vec from) {
    Registers.Mark mark = registers.mark();
    Vec high = registers.temp();
    asm.op(VEXTRACTF128, V256, high, from, 1);
    asm.op(VSHUFPS, V128, to, from, high, 0x88);
    registers.release(mark);
  }

  private Vec maskFor(int condition, ScalarType type) {
    Vec mask = registers.vec(condition);
    return type.isWide() ? ((Avx2Transfers) transfers).widened(mask) : mask;
  }

  @Override
  void selectBy(int i, ScalarType type, int condition, int a, int b) {
    Vec mask = maskFor(condition, type);
    Vec otherwise = registers.vec(b);
    Operand chosen = registers.operand(a);
    Row row = type.isWide() ? VBLENDVPD : VBLENDVPS;
    asm.blendv(row, length(type), registers.define(i), otherwise, chosen, mask);
  }

  @Override
  void convert(int i, Primitive op, int a) {
    switch (op) {
      case I64_TO_F32 -> laneByLane(i, a, op);
      case I64_TO_F64 -> laneByLane(i, a, op);
      case I64_TO_I32 -> {
        Vec from = registers.vec(a);
        lowHalves(registers.define(i), from);
      }
      case F32_TO_I32 -> {
        Vec value = registers.vec(a);
        Vec to = registers.define(i);
        asm.op(VCVTTPS2DQ, length4, to, value);
        saturate(to, value, ScalarType.F32, false, 0x1p31);
      }
      case F64_TO_I32 -> {
        Vec value = registers.vec(a);
        Vec to = registers.define(i);
        asm.op(VCVTTPD2DQ, length8, to, value);
        saturate(to, value, ScalarType.F64, false, 0x1p31);
      }
      case F32_TO_I64 -> {
        laneByLane(i, a, op);
        saturate(registers.vec(i), registers.vec(a), ScalarType.F32, true, 0x1p63);
      }
      case F64_TO_I64 -> {
        laneByLane(i, a, op);
        saturate(registers.vec(i), registers.vec(a), ScalarType.F64, true, 0x1p63);
      }
      default -> throw new Decline(op.toString());
    }
  }

  /** Conversions of 64-bit integers exist for single values only. */
  private void laneByLane(int i, int a, Primitive op) {
    Vec from = registers.vec(a);
    int in = piece.frame.scratch;
    int out = piece.frame.scratch2;
    asm.op(VMOVUPS_STORE, length(type(a)), Frame.at(in), from);
    Vec one = registers.temp();
    for (int lane = 0; lane < lanes.count(); lane++) {
      Mem source = Frame.at(in + lane * type(a).bytes());
      Mem target = Frame.at(out + lane * type(i).bytes());
      switch (op) {
        case I64_TO_F32 -> {
          asm.zero(one);
          asm.op(VCVTSI2SS_64, V128, one, one, source);
          asm.op(VMOVSS_STORE, V128, target, one);
        }
        case I64_TO_F64 -> {
          asm.zero(one);
          asm.op(VCVTSI2SD_64, V128, one, one, source);
          asm.op(VMOVSD_STORE, V128, target, one);
        }
        case F32_TO_I64 -> {
          asm.op(VCVTTSS2SI_64, V128, Pointers.VALUE, source);
          asm.store(Width.B64, target, Pointers.VALUE);
        }
        default -> {
          asm.op(VCVTTSD2SI_64, V128, Pointers.VALUE, source);
          asm.store(Width.B64, target, Pointers.VALUE);
        }
      }
    }
    asm.op(VMOVUPS, length(type(i)), registers.define(i), Frame.at(out));
  }

  /** The hardware gives MIN for all it cannot convert: too large becomes MAX, NaN 0. */
  private void saturate(Vec to, Vec value, ScalarType from, boolean wide, double limit) {
    Registers.Mark mark = registers.mark();
    boolean single = from == ScalarType.F32;
    VectorLength result = wide ? length8 : length4;
    long bits = single ? Scalars.of((float) limit) : Scalars.of(limit);
    Row compare = single ? VCMPPS : VCMPPD;
    Vec mask = registers.temp();
    asm.op(compare, length(from), mask, value, constant(from, bits), GREATER_EQUAL);
    fitMask(mask, from, wide);
    asm.op(VXORPS, result, to, to, mask);
    asm.op(compare, length(from), mask, value, value, ORDERED);
    fitMask(mask, from, wide);
    asm.op(VANDPS, result, to, to, mask);
    registers.release(mark);
  }

  private void fitMask(Vec mask, ScalarType from, boolean wide) {
    if (from.isWide() && !wide) {
      lowHalves(mask, mask);
    } else if (!from.isWide() && wide) {
      asm.op(VPMOVSXDQ, length8, mask, mask);
    }
  }

  @Override
  void special(int i, Primitive op, ScalarType type, List<Integer> operands) {
    if (type == ScalarType.I32) {
      divide(i, op, operands);
      return;
    }
    Vec a = registers.vec(operands.getFirst());
    switch (op) {
      case MUL -> {
        Vec b = registers.vec(operands.get(1));
        multiply64(registers.define(i), a, b, length8);
      }
      case MIN, MAX -> {
        Vec b = registers.vec(operands.get(1));
        extreme64(registers.define(i), op == Primitive.MIN, a, b, length8);
      }
      case ABS -> {
        Vec to = registers.define(i);
        Vec sign = registers.temp();
        asm.zero(sign);
        asm.op(VPCMPGTQ, length8, sign, sign, a);
        asm.op(VXORPD, length8, to, a, sign);
        asm.op(VPSUBQ, length8, to, to, sign);
      }
      default -> divideLanes(i, op, operands);
    }
  }

  /** 32-bit division through f64, whose quotient truncates to the exact one. */
  private void divide(int i, Primitive op, List<Integer> operands) {
    if (op == Primitive.UDIV || op == Primitive.UREM) {
      divideLanes(i, op, operands);
      return;
    }
    Vec a = registers.vec(operands.get(0));
    Vec b = registers.vec(operands.get(1));
    Vec to = registers.define(i);
    Vec x = registers.temp();
    Vec y = registers.temp();
    asm.op(VCVTDQ2PD, length8, x, a);
    asm.op(VCVTDQ2PD, length8, y, b);
    asm.op(VDIVPD, length8, x, x, y);
    asm.op(VCVTTPD2DQ, length8, to, x);
    asm.zero(y);
    asm.op(VPCMPEQD, length4, y, y, b);
    asm.op(VANDNPS, length4, to, y, to);
    if (op == Primitive.REM) {
      asm.op(VPMULLD, length4, to, to, b);
      asm.op(VPSUBD, length4, to, a, to);
    }
  }

  @Override
  void multiply64(Vec to, Vec a, Operand b, VectorLength length) {
    Registers.Mark mark = registers.mark();
    Vec second = registers.temp();
    asm.op(VMOVUPS, length, second, b);
    Vec cross = registers.temp();
    Vec high = registers.temp();
    asm.op(VPSRLQ, length, high, a, 32);
    asm.op(VPMULUDQ, length, cross, high, second);
    asm.op(VPSRLQ, length, high, second, 32);
    asm.op(VPMULUDQ, length, high, high, a);
    asm.op(VPADDQ, length, cross, cross, high);
    asm.op(VPSLLQ, length, cross, cross, 32);
    asm.op(VPMULUDQ, length, second, second, a);
    asm.op(VPADDQ, length, to, cross, second);
    registers.release(mark);
  }

  @Override
  void extreme64(Vec to, boolean least, Vec a, Operand b, VectorLength length) {
    Registers.Mark mark = registers.mark();
    Vec second = registers.temp();
    Vec greater = registers.temp();
    asm.op(VMOVUPS, length, second, b);
    asm.op(VPCMPGTQ, length, greater, a, second);
    if (least) {
      asm.blendv(VBLENDVPD, length, to, a, second, greater);
    } else {
      asm.blendv(VBLENDVPD, length, to, second, a, greater);
    }
    registers.release(mark);
  }

  @Override
  void gather(int i, Instruction.LoadAt load, int walkId) {
    Walk walk = piece.pointers.walk(walkId);
    Vec index = registers.vec(load.index());
    Vec extent = registers.temp();
    Vec valid = registers.temp();
    transfers.broadcast8(extent, Frame.at(piece.layout.extentOf(i)));
    below(valid, ScalarType.I64, index, extent);
    lowHalves(valid, valid);
    raiseFault(valid);
    if (piece.tail) {
      asm.op(VANDPS, length4, valid, valid, Avx2Transfers.TAIL);
    }
    Vec offset = registers.temp();
    transfers.broadcast8(extent, Frame.at(piece.layout.strideOf(i)));
    multiply64(offset, index, extent, length8);
    Gpr base = gatherBase(walkId, walk, offset, extent);
    Vec to = registers.define(i);
    asm.zero(to);
    Vsib at = new Vsib(base, offset, 1, 0);
    if (walk.bytes() == 8) {
      asm.op(VPMOVSXDQ, length8, valid, valid);
      asm.op(VGATHERQPD_VEX, length8, to, valid, at);
    } else {
      asm.op(VGATHERQPS_VEX, length8, to, valid, at);
    }
    narrowLanes(to, walk.dtype());
  }

  private Gpr gatherBase(int walkId, Walk walk, Vec offset, Vec lane) {
    switch (walk.vector()) {
      case UNIFORM -> {
        return piece.pointers.base(walkId);
      }
      case CONTIGUOUS -> {
        asm.op(VPADDQ, length8, offset, offset, piece.layout.iota(lanes.count(), walk.bytes()));
        asm.lea(Pointers.ADDRESS, piece.pointers.element(walkId, piece.shift));
      }
      case STRIDED -> {
        transfers.broadcast8(lane, Frame.at(piece.pointers.words(walkId).stride()));
        Vec iota = registers.temp();
        asm.op(VMOVUPS, length8, iota, piece.layout.iota(lanes.count(), 1));
        Vec product = registers.temp();
        multiply64(product, iota, lane, length8);
        asm.op(VPADDQ, length8, offset, offset, product);
        asm.mov(Pointers.ADDRESS, Frame.at(piece.pointers.words(walkId).cursor()));
      }
      case TABLE -> {
        asm.mov(Pointers.ADDRESS, Frame.at(piece.pointers.words(walkId).table()));
        Mem offsets = Mem.at(Pointers.ADDRESS, Pointers.POSITION, 8, piece.shift * 8);
        asm.op(VPADDQ, length8, offset, offset, offsets);
        return piece.pointers.base(walkId);
      }
    }
    return Pointers.ADDRESS;
  }

  private void raiseFault(Vec valid) {
    Registers.Mark mark = registers.mark();
    Vec bad = registers.temp();
    asm.op(VXORPS, length4, bad, valid, constant(ScalarType.BOOL, 1));
    if (piece.tail) {
      asm.op(VANDPS, length4, bad, bad, Avx2Transfers.TAIL);
    }
    asm.op(VMOVMSKPS, length4, Pointers.ADDRESS, bad);
    asm.or(Pointers.ADDRESS, Frame.at(piece.frame.fault));
    asm.store(Width.B64, Frame.at(piece.frame.fault), Pointers.ADDRESS);
    registers.release(mark);
  }

  private void narrowLanes(Vec to, DType dtype) {
    int unused = 32 - dtype.bits();
    switch (dtype) {
      case I8, I16 -> {
        asm.op(VPSLLD, length4, to, to, unused);
        asm.op(VPSRAD, length4, to, to, unused);
      }
      case U8, U16 -> {
        asm.op(VPSLLD, length4, to, to, unused);
        asm.op(VPSRLD, length4, to, to, unused);
      }
      case BOOL -> {
        asm.op(VPSLLD, length4, to, to, 31);
        asm.op(VPSRAD, length4, to, to, 31);
      }
      case BF16 -> asm.op(VPSLLD, length4, to, to, 16);
      case F16 -> {
        ((Avx2Transfers) transfers).words(to, to);
        asm.op(VCVTPH2PS, length4, to, to);
      }
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
      case F64, F32, I64, I32, U64, U32 -> {}
    }
  }

  @Override
  void keepWhere(int i, Mem valid) {
    Vec value = registers.vec(i);
    asm.op(and(type(i)), length(type(i)), value, value, valid);
  }

  @Override
  void accumulate(Vec accumulator, Instruction.Reduce reduce, Operand value) {
    Primitive op = reduce.reduction().primitive();
    ScalarType type = reduce.type();
    boolean extreme = type.isFloat() && (op == Primitive.MIN || op == Primitive.MAX);
    boolean simple = extreme || (type != ScalarType.I64) || op == Primitive.ADD;
    if (simple && !piece.tail) {
      direct(accumulator, op, type, accumulator, value);
      return;
    }
    Vec to = registers.temp();
    if (extreme) {
      direct(to, op, type, accumulator, value);
    } else {
      combine(to, op, type, length(type), accumulator, value);
    }
    if (piece.tail) {
      Vec mask = Avx2Transfers.TAIL;
      if (type.isWide()) {
        mask = ((Avx2Transfers) transfers).widened(mask);
      }
      Row blend = type.isWide() ? VBLENDVPD : VBLENDVPS;
      asm.blendv(blend, length(type), accumulator, accumulator, to, mask);
    } else {
      transfers.move(accumulator, to);
    }
  }

  private void direct(Vec to, Primitive op, ScalarType type, Vec a, Operand b) {
    if (type.isFloat() && (op == Primitive.MIN || op == Primitive.MAX)) {
      asm.op(extremeRow(op == Primitive.MIN, type), length(type), to, a, b);
    } else {
      combine(to, op, type, length(type), a, b);
    }
  }
}
