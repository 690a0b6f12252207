package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.MaskOp;
import dev.bascule.cpu.asm.Masking;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Vsib;
import dev.bascule.cpu.asm.Width;
import java.util.List;

/** Primitives in AVX-512 (F, BW, DQ, VL). */
final class Avx512Arithmetic extends Arithmetic {
  Avx512Arithmetic(Piece piece) {
    super(piece);
  }

  @Override
  void orNan(Vec to, Vec from) {
    Registers.Mark mark = registers.mark();
    Mask nan = registers.tempMask();
    asm.op(VCMPPS_MASK, length4, nan, from, from, UNORDERED);
    asm.op(VBROADCASTSS, length4, to, asm.constant32(0x7FC00000), Masking.merge(nan));
    registers.release(mark);
  }

  @Override
  void shiftRight64(Vec to, Vec value, Vec by) {
    asm.op(VPSRAVQ, length8, to, value, by);
  }

  @Override
  void takeNan(Vec to, Vec from, ScalarType type) {
    takeNan(to, from, type, length(type));
  }

  @Override
  void takeNan(Vec to, Vec from, ScalarType type, VectorLength length) {
    Registers.Mark mark = registers.mark();
    Mask nan = registers.tempMask();
    boolean single = type == ScalarType.F32;
    asm.op(single ? VCMPPS_MASK : VCMPPD_MASK, length, nan, from, from, UNORDERED);
    asm.op(single ? VMOVAPS : VMOVAPD, length, to, from, Masking.merge(nan));
    registers.release(mark);
  }

  @Override
  void computeBool(int i, Primitive op, List<Integer> operands) {
    if (op == Primitive.BOOL_TO_I32) {
      Mask from = registers.mask(operands.getFirst());
      asm.op(VBROADCASTSS, length4, registers.define(i), asm.constant32(1), Masking.zero(from));
      return;
    }
    Mask a = registers.mask(operands.getFirst());
    Mask b = operands.size() > 1 ? registers.mask(operands.get(1)) : a;
    Mask to = registers.defineMask(i);
    switch (op) {
      case EQ -> asm.mask(MaskOp.KXNOR, Width.B16, to, a, b);
      case NE, XOR -> asm.mask(MaskOp.KXOR, Width.B16, to, a, b);
      case LT -> asm.mask(MaskOp.KANDN, Width.B16, to, a, b);
      case LE -> {
        asm.mask(MaskOp.KNOT, Width.B16, to, a);
        asm.mask(MaskOp.KOR, Width.B16, to, to, b);
      }
      case AND -> asm.mask(MaskOp.KAND, Width.B16, to, a, b);
      case OR -> asm.mask(MaskOp.KOR, Width.B16, to, a, b);
      case NOT -> asm.mask(MaskOp.KNOT, Width.B16, to, a);
      case SELECT -> {
        Mask c = registers.mask(operands.get(2));
        asm.mask(MaskOp.KXOR, Width.B16, to, b, c);
        asm.mask(MaskOp.KAND, Width.B16, to, to, a);
        asm.mask(MaskOp.KXOR, Width.B16, to, to, c);
      }
      default -> throw new Decline(op + " of truth values");
    }
  }

  @Override
  void compare(int i, Primitive op, ScalarType type, int a, int b) {
    Vec first = registers.vec(a);
    Operand second = registers.operand(b);
    Mask to = registers.defineMask(i);
    boolean ordered = type.isFloat();
    int predicate =
        switch (op) {
          case EQ -> EQUAL;
          case NE -> NOT_EQUAL;
          case LT -> ordered ? LESS : 1;
          case LE -> ordered ? LESS_EQUAL : 2;
          default -> 1;
        };
    Row row =
        switch (type) {
          case F32 -> VCMPPS_MASK;
          case F64 -> VCMPPD_MASK;
          case I32 -> op == Primitive.ULT ? VPCMPUD_MASK : VPCMPD_MASK;
          case I64 -> op == Primitive.ULT ? VPCMPUQ_MASK : VPCMPQ_MASK;
          case BOOL -> throw new IllegalStateException();
        };
    asm.op(row, length(type), to, first, second, predicate);
  }

  @Override
  void selectBy(int i, ScalarType type, int condition, int a, int b) {
    Mask mask = registers.mask(condition);
    Vec otherwise = registers.vec(b);
    Operand chosen = registers.operand(a);
    Row row = type.isWide() ? VBLENDMPD : VBLENDMPS;
    asm.op(row, length(type), registers.defineOver(i), otherwise, chosen, Masking.merge(mask));
  }

  @Override
  void convert(int i, Primitive op, int a) {
    switch (op) {
      case I64_TO_F32 -> unary(i, VCVTQQ2PS, a, length8);
      case I64_TO_F64 -> unary(i, VCVTQQ2PD, a, length8);
      case I64_TO_I32 -> unary(i, VPMOVQD, a, length8);
      case F32_TO_I32 -> saturate(i, a, VCVTTPS2DQ, length4, false, 0x1p31f);
      case F32_TO_I64 -> saturate(i, a, VCVTTPS2QQ, length8, true, 0x1p63f);
      case F64_TO_I32 -> saturate(i, a, VCVTTPD2DQ, length8, false, 0x1p31);
      case F64_TO_I64 -> saturate(i, a, VCVTTPD2QQ, length8, true, 0x1p63);
      default -> throw new Decline(op.toString());
    }
  }

  /** The hardware gives MIN for all it cannot convert: too large becomes MAX, NaN 0. */
  private void saturate(
      int i, int a, Row convert, VectorLength length, boolean wide, double limit) {
    ScalarType from = type(a);
    boolean single = from == ScalarType.F32;
    Row compare = single ? VCMPPS_MASK : VCMPPD_MASK;
    Vec value = registers.vec(a);
    Vec to = registers.define(i);
    Mask mask = registers.tempMask();
    VectorLength result = wide ? length8 : length4;
    asm.op(convert, length, to, value);
    long bits = single ? Scalars.of((float) limit) : Scalars.of(limit);
    asm.op(compare, length(from), mask, value, constant(from, bits), GREATER_EQUAL);
    Vec ones = registers.temp();
    asm.op(VPTERNLOGD, result, ones, ones, ones, 0xFF);
    asm.op(wide ? VPXORQ : VPXORD, result, to, to, ones, Masking.merge(mask));
    asm.op(compare, length(from), mask, value, value, ORDERED);
    asm.op(wide ? VMOVAPD : VMOVAPS, result, to, to, Masking.zero(mask));
  }

  @Override
  void special(int i, Primitive op, ScalarType type, List<Integer> operands) {
    if (type == ScalarType.I64) {
      switch (op) {
        case MUL -> binary(i, VPMULLQ, operands.get(0), operands.get(1), true);
        case MIN -> binary(i, VPMINSQ, operands.get(0), operands.get(1), true);
        case MAX -> binary(i, VPMAXSQ, operands.get(0), operands.get(1), true);
        case ABS -> unary(i, VPABSQ, operands.getFirst());
        default -> divideLanes(i, op, operands);
      }
      return;
    }
    divide(i, op, operands);
  }

  /** 32-bit division through f64, whose quotient truncates to the exact one. */
  private void divide(int i, Primitive op, List<Integer> operands) {
    boolean unsigned = op == Primitive.UDIV || op == Primitive.UREM;
    boolean remainder = op == Primitive.REM || op == Primitive.UREM;
    Vec a = registers.vec(operands.get(0));
    Vec b = registers.vec(operands.get(1));
    Vec to = registers.define(i);
    Vec x = registers.temp();
    Vec y = registers.temp();
    asm.op(unsigned ? VCVTUDQ2PD : VCVTDQ2PD, length8, x, a);
    asm.op(unsigned ? VCVTUDQ2PD : VCVTDQ2PD, length8, y, b);
    asm.op(VDIVPD, length8, x, x, y);
    asm.op(unsigned ? VCVTTPD2UDQ : VCVTTPD2DQ, length8, to, x);
    Mask nonzero = registers.tempMask();
    asm.op(VPTESTMD_MASK, length4, nonzero, b, b);
    asm.op(VMOVAPS, length4, to, to, Masking.zero(nonzero));
    if (remainder) {
      asm.op(VPMULLD, length4, to, to, b);
      asm.op(VPSUBD, length4, to, a, to);
    }
  }

  @Override
  void gather(int i, Instruction.LoadAt load, int walkId) {
    Walk walk = piece.pointers.walk(walkId);
    Vec index = registers.vec(load.index());
    Mask valid = registers.tempMask();
    asm.op(VPCMPUQ_MASK, length8, valid, index, Frame.at(piece.layout.extentOf(i)).toAllLanes(), 1);
    raiseFault(valid);
    if (piece.tail) {
      asm.mask(MaskOp.KAND, Width.B16, valid, valid, Avx512Transfers.TAIL);
    }
    Vec offset = registers.temp();
    asm.op(VPMULLQ, length8, offset, index, Frame.at(piece.layout.strideOf(i)).toAllLanes());
    Gpr base = gatherBase(walkId, walk, offset);
    boolean bool = walk.dtype() == DType.BOOL;
    Vec to = bool ? registers.temp() : registers.define(i);
    asm.zero(to);
    Vsib at = new Vsib(base, offset, 1, 0);
    asm.op(walk.bytes() == 8 ? VGATHERQPD : VGATHERQPS, length8, to, at, Masking.merge(valid));
    narrowLanes(to, walk.dtype());
    if (bool) {
      Mask result = registers.defineMask(i);
      asm.op(VPTESTMD_MASK, length4, result, to, to);
    }
  }

  /** Adds the lanes' own offsets; gives the register of the address they count from. */
  private Gpr gatherBase(int walkId, Walk walk, Vec offset) {
    switch (walk.vector()) {
      case UNIFORM -> {
        return piece.pointers.base(walkId);
      }
      case CONTIGUOUS -> {
        asm.op(VPADDQ, length8, offset, offset, piece.layout.iota(lanes.count(), walk.bytes()));
        asm.lea(Pointers.ADDRESS, piece.pointers.element(walkId, piece.shift));
      }
      case STRIDED -> {
        Vec lane = registers.temp();
        asm.op(VMOVUPS, length8, lane, piece.layout.iota(lanes.count(), 1));
        Mem stride = Frame.at(piece.pointers.words(walkId).stride()).toAllLanes();
        asm.op(VPMULLQ, length8, lane, lane, stride);
        asm.op(VPADDQ, length8, offset, offset, lane);
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

  private void raiseFault(Mask valid) {
    Registers.Mark mark = registers.mark();
    Mask bad = registers.tempMask();
    asm.mask(MaskOp.KNOT, Width.B16, bad, valid);
    if (piece.tail) {
      asm.mask(MaskOp.KAND, Width.B16, bad, bad, Avx512Transfers.TAIL);
    }
    asm.kmov(Width.B16, Pointers.ADDRESS, bad);
    asm.and(Pointers.ADDRESS, (1 << lanes.count()) - 1);
    asm.or(Pointers.ADDRESS, Frame.at(piece.frame.fault));
    asm.store(Width.B64, Frame.at(piece.frame.fault), Pointers.ADDRESS);
    registers.release(mark);
  }

  /** 32 bits were read for each narrow element: what is left of them. */
  private void narrowLanes(Vec to, DType dtype) {
    switch (dtype) {
      case I8, I16 -> {
        int unused = 32 - dtype.bits();
        asm.op(VPSLLD, length4, to, to, unused);
        asm.op(VPSRAD, length4, to, to, unused);
      }
      case U8, U16, BOOL -> {
        int unused = 32 - dtype.bits();
        asm.op(VPSLLD, length4, to, to, unused);
        asm.op(VPSRLD, length4, to, to, unused);
      }
      case BF16 -> asm.op(VPSLLD, length4, to, to, 16);
      case F16 -> {
        asm.op(VPMOVDW, length4, to, to);
        asm.op(VCVTPH2PS, length4, to, to);
      }
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
      case F64, F32, I64, I32, U64, U32 -> {}
    }
  }

  @Override
  void keepWhere(int i, Mem valid) {
    if (type(i) == ScalarType.BOOL) {
      Mask value = registers.mask(i);
      Mask keep = registers.tempMask();
      asm.kmov(Width.B64, keep, valid);
      asm.mask(MaskOp.KAND, Width.B16, value, value, keep);
    } else {
      Vec value = registers.vec(i);
      asm.op(and(type(i)), length(type(i)), value, value, valid);
    }
  }

  @Override
  void accumulate(Vec accumulator, Instruction.Reduce reduce, Operand value) {
    Primitive op = reduce.reduction().primitive();
    ScalarType type = reduce.type();
    Masking masking = piece.tail ? Masking.merge(Avx512Transfers.TAIL) : Masking.NONE;
    Row direct =
        switch (op) {
          case ADD, MUL -> op == Primitive.ADD ? add(type) : multiply(type);
          case MIN, MAX ->
              switch (type) {
                case I32 -> op == Primitive.MIN ? VPMINSD : VPMAXSD;
                case I64 -> op == Primitive.MIN ? VPMINSQ : VPMAXSQ;
                case F32, F64 -> extremeRow(op == Primitive.MIN, type);
                case BOOL -> op == Primitive.MIN ? VANDPS : VORPS;
              };
          default -> throw new Decline("reduction with " + op);
        };
    asm.op(direct, length(type), accumulator, accumulator, value, masking);
  }

  private static Row add(ScalarType type) {
    return switch (type) {
      case F32 -> VADDPS;
      case F64 -> VADDPD;
      case I32 -> VPADDD;
      case I64 -> VPADDQ;
      case BOOL -> throw new Decline("reduction of truth values");
    };
  }

  private static Row multiply(ScalarType type) {
    return switch (type) {
      case F32 -> VMULPS;
      case F64 -> VMULPD;
      case I32 -> VPMULLD;
      case I64 -> VPMULLQ;
      case BOOL -> throw new Decline("reduction of truth values");
    };
  }

  @Override
  void multiply64(Vec to, Vec a, Operand b, VectorLength length) {
    asm.op(VPMULLQ, length, to, a, b);
  }

  @Override
  void extreme64(Vec to, boolean least, Vec a, Operand b, VectorLength length) {
    asm.op(least ? VPMINSQ : VPMAXSQ, length, to, a, b);
  }
}
