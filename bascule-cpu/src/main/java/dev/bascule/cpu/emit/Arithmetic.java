package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.cpu.asm.Address;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Each primitive as vector instructions, bit for bit what {@link Scalars} says. */
abstract class Arithmetic {
  static final int UNORDERED = 3;
  static final int ORDERED = 7;
  static final int GREATER_EQUAL = 0x1D;
  static final int LESS = 0x11;
  static final int LESS_EQUAL = 0x12;
  static final int NOT_EQUAL = 4;
  static final int EQUAL = 0;
  private static final int SIGN = Integer.MIN_VALUE;

  final Piece piece;
  final Assembler asm;
  final Registers registers;
  final Transfers transfers;
  final Lanes lanes;
  final List<Instruction> body;
  final VectorLength length4;
  final VectorLength length8;

  Arithmetic(Piece piece) {
    this.piece = piece;
    this.asm = piece.asm;
    this.registers = piece.registers;
    this.transfers = piece.transfers;
    this.lanes = piece.lanes;
    this.body = piece.layout.body;
    this.length4 = lanes.lengthOf(4);
    this.length8 = lanes.lengthOf(8);
  }

  VectorLength length(ScalarType type) {
    return lanes.length(type);
  }

  ScalarType type(int i) {
    return body.get(i).type();
  }

  Address constant(ScalarType type, long bits) {
    return transfers.constantOperand(type, bits);
  }

  void compute(int i, Instruction.Compute compute) {
    List<Integer> operands = piece.operandsOf(i);
    if (operands.isEmpty()) {
      return; // a negation that a multiply-add does on its own
    }
    ScalarType type = type(operands.getLast());
    if (type == ScalarType.BOOL) {
      computeBool(i, compute.op(), operands);
      return;
    }
    int a = operands.getFirst();
    switch (compute.op()) {
      case ADD, SUB, MUL, DIV, AND, OR, XOR -> {
        Row row = row(compute.op(), type);
        if (row != null) {
          binary(
              i,
              row,
              a,
              operands.get(1),
              compute.op() != Primitive.SUB && compute.op() != Primitive.DIV);
        } else {
          special(i, compute.op(), type, operands);
        }
      }
      case FMA -> multiplyAdd(i, type, operands);
      case SQRT -> unary(i, type == ScalarType.F32 ? VSQRTPS : VSQRTPD, a);
      case NEG -> negate(i, type, a);
      case ABS -> absolute(i, type, a);
      case MIN, MAX -> extreme(i, compute.op(), type, operands);
      case FLOOR -> round(i, type, a, 9);
      case CEIL -> round(i, type, a, 10);
      case TRUNC -> round(i, type, a, 11);
      case ROUND_EVEN -> round(i, type, a, 8);
      case EQ, NE, LT, LE, ULT -> {
        if (!isExtremeTest(i)) {
          compare(i, compute.op(), type, a, operands.get(1));
        }
      }
      case NOT -> {
        Vec from = registers.vec(a);
        asm.op(xor(type), length(type), registers.defineOver(i), from, constant(type, -1));
      }
      case SHL, SHR, USHR -> shift(i, compute.op(), type, a, operands.get(1));
      case SELECT -> select(i, type, operands);
      case REM, UDIV, UREM -> special(i, compute.op(), type, operands);
      case F32_BITS, BITS_F32, F64_BITS, BITS_F64 -> registers.alias(i, a);
      case ROUND_F16 -> {
        Vec from = registers.vec(a);
        Vec to = registers.define(i);
        asm.op(VCVTPS2PH, length4, to, from, 0);
        asm.op(VCVTPH2PS, length4, to, to);
      }
      case ROUND_BF16 -> {
        Vec from = registers.vec(a);
        roundBf16(registers.define(i), from);
      }
      case ROUND_F8E4M3, ROUND_F8E5M2 -> throw new Decline(compute.op().toString());
      case F32_TO_F64 -> unary(i, VCVTPS2PD, a, length8);
      case F64_TO_F32 -> unary(i, VCVTPD2PS, a, length8);
      case I32_TO_F32 -> unary(i, VCVTDQ2PS, a);
      case I32_TO_F64 -> unary(i, VCVTDQ2PD, a, length8);
      case I32_TO_I64 -> unary(i, VPMOVSXDQ, a, length8);
      case U32_TO_I64 -> unary(i, VPMOVZXDQ, a, length8);
      case I64_TO_F32,
          I64_TO_F64,
          I64_TO_I32,
          F32_TO_I32,
          F32_TO_I64,
          F64_TO_I32,
          F64_TO_I64,
          BOOL_TO_I32 ->
          convert(i, compute.op(), a);
    }
  }

  // ---- what both instruction sets share

  private static @Nullable Row row(Primitive op, ScalarType type) {
    return switch (type) {
      case F32 ->
          switch (op) {
            case ADD -> VADDPS;
            case SUB -> VSUBPS;
            case MUL -> VMULPS;
            case DIV -> VDIVPS;
            default -> null;
          };
      case F64 ->
          switch (op) {
            case ADD -> VADDPD;
            case SUB -> VSUBPD;
            case MUL -> VMULPD;
            case DIV -> VDIVPD;
            default -> null;
          };
      case I32 ->
          switch (op) {
            case ADD -> VPADDD;
            case SUB -> VPSUBD;
            case MUL -> VPMULLD;
            case AND -> VANDPS;
            case OR -> VORPS;
            case XOR -> VXORPS;
            default -> null;
          };
      case I64 ->
          switch (op) {
            case ADD -> VPADDQ;
            case SUB -> VPSUBQ;
            case AND -> VANDPD;
            case OR -> VORPD;
            case XOR -> VXORPD;
            default -> null;
          };
      case BOOL -> null;
    };
  }

  static Row xor(ScalarType type) {
    return type.isWide() ? VXORPD : VXORPS;
  }

  static Row and(ScalarType type) {
    return type.isWide() ? VANDPD : VANDPS;
  }

  void binary(int i, Row row, int a, int b, boolean commutes) {
    Operand first = registers.operand(a);
    Operand second = registers.operand(b);
    if (commutes && !(first instanceof Vec)) {
      Operand swap = first;
      first = second;
      second = swap;
      int other = a;
      a = b;
      b = other;
    }
    if (!(first instanceof Vec)) {
      first = registers.vec(a);
    }
    // The address register serves one operand only, so that a second one in memory is found anew.
    if (!(second instanceof Vec)) {
      second = registers.operand(b);
    }
    asm.op(row, length(type(i)), registers.defineOver(i), first, second);
  }

  void unary(int i, Row row, int a) {
    unary(i, row, a, length(type(i)));
  }

  void unary(int i, Row row, int a, VectorLength length) {
    Vec from = registers.vec(a);
    asm.op(row, length, registers.defineOver(i), from);
  }

  private void negate(int i, ScalarType type, int a) {
    Vec from = registers.vec(a);
    if (type.isFloat()) {
      long sign = type == ScalarType.F32 ? SIGN & 0xFFFF_FFFFL : Long.MIN_VALUE;
      asm.op(xor(type), length(type), registers.defineOver(i), from, constant(type, sign));
    } else {
      Vec to = registers.define(i);
      asm.zero(to);
      asm.op(type.isWide() ? VPSUBQ : VPSUBD, length(type), to, to, from);
    }
  }

  private void absolute(int i, ScalarType type, int a) {
    switch (type) {
      case F32, F64 -> {
        Vec from = registers.vec(a);
        long mask = type == ScalarType.F32 ? Integer.MAX_VALUE : Long.MAX_VALUE;
        asm.op(and(type), length(type), registers.defineOver(i), from, constant(type, mask));
      }
      case I32 -> unary(i, VPABSD, a);
      case I64 -> special(i, Primitive.ABS, type, List.of(a));
      case BOOL -> throw new Decline("absolute value of truth values");
    }
  }

  private void round(int i, ScalarType type, int a, int mode) {
    Vec from = registers.vec(a);
    Row row =
        lanes.hasMasks()
            ? type == ScalarType.F32 ? VRNDSCALEPS : VRNDSCALEPD
            : type == ScalarType.F32 ? VROUNDPS : VROUNDPD;
    asm.op(row, length(type), registers.defineOver(i), from, mode);
  }

  /** a*b + c in the form that overwrites whichever operand dies. */
  private void multiplyAdd(int i, ScalarType type, List<Integer> operands) {
    boolean single = type == ScalarType.F32;
    int a = operands.get(0);
    int b = operands.get(1);
    int c = operands.get(2);
    boolean negated = !operands.equals(body.get(i).operands());
    Row overAddend =
        negated ? single ? VFNMADD231PS : VFNMADD231PD : single ? VFMADD231PS : VFMADD231PD;
    Row overFactor =
        negated ? single ? VFNMADD213PS : VFNMADD213PD : single ? VFMADD213PS : VFMADD213PD;
    VectorLength length = length(type);
    Operand addend = registers.operand(c);
    if (addend instanceof Vec && isDying(c) && c != a && c != b) {
      if (!(registers.operand(a) instanceof Vec)) {
        int swap = a;
        a = b;
        b = swap;
      }
      Vec first = registers.vec(a);
      Operand second = registers.operand(b);
      asm.op(overAddend, length, registers.takeOver(c, i), first, second);
      return;
    }
    if (!isDying(a) && isDying(b)) {
      int swap = a;
      a = b;
      b = swap;
    }
    Vec first = registers.vec(a);
    Vec second = registers.vec(b);
    Vec to;
    if (isDying(a) && a != b && a != c) {
      to = registers.takeOver(a, i);
    } else {
      to = registers.define(i);
      transfers.move(to, first);
    }
    asm.op(overFactor, length, to, second, registers.operand(c));
  }

  private boolean isDying(int i) {
    return registers.isDyingVector(i);
  }

  /** To the nearest bf16, in the upper half of each 32-bit lane. */
  void roundBf16(Vec to, Vec from) {
    asm.op(VPSRLD, length4, to, from, 16);
    asm.op(VANDPS, length4, to, to, constant(ScalarType.I32, 1));
    asm.op(VPADDD, length4, to, to, constant(ScalarType.I32, 0x7FFF));
    asm.op(VPADDD, length4, to, to, from);
    asm.op(VANDPS, length4, to, to, constant(ScalarType.I32, 0xFFFF0000));
    orNan(to, from);
  }

  /** {@code to} where {@code from} is a number; a NaN where it is none. */
  abstract void orNan(Vec to, Vec from);

  private void shift(int i, Primitive op, ScalarType type, int a, int count) {
    if (body.get(count) instanceof Instruction.Constant c) {
      int by = (int) c.bits() & (type.isWide() ? 63 : 31);
      if (op != Primitive.SHR || !type.isWide() || lanes.hasMasks()) {
        Vec from = registers.vec(a);
        Row row =
            switch (op) {
              case SHL -> type.isWide() ? VPSLLQ : VPSLLD;
              case SHR -> type.isWide() ? VPSRAQ : VPSRAD;
              default -> type.isWide() ? VPSRLQ : VPSRLD;
            };
        asm.op(row, length(type), registers.defineOver(i), from, by);
        return;
      }
    }
    Vec value = registers.vec(a);
    Vec by = registers.vec(count);
    Vec masked = registers.temp();
    asm.op(and(type), length(type), masked, by, constant(type, type.isWide() ? 63 : 31));
    Vec to = registers.define(i);
    switch (op) {
      case SHL -> asm.op(type.isWide() ? VPSLLVQ : VPSLLVD, length(type), to, value, masked);
      case USHR -> asm.op(type.isWide() ? VPSRLVQ : VPSRLVD, length(type), to, value, masked);
      default -> {
        if (type.isWide()) {
          shiftRight64(to, value, masked);
        } else {
          asm.op(VPSRAVD, length4, to, value, masked);
        }
      }
    }
  }

  abstract void shiftRight64(Vec to, Vec value, Vec by);

  /**
   * Whether comparison {@code i} only serves {@code a < b ? a : b} or {@code a < b ? b : a}, which
   * are exactly minps and maxps, so that the selection does it all.
   */
  private boolean isExtremeTest(int i) {
    if (!(body.get(i) instanceof Instruction.Compute test)
        || test.op() != Primitive.LT
        || !type(test.operands().getFirst()).isFloat()
        || piece.layout.homes[i] != null
        || registers.usesOf(i) != 1) {
      return false;
    }
    for (int user : piece.order) {
      if (piece.operandsOf(user).contains(i)) {
        return body.get(user) instanceof Instruction.Compute select
            && select.op() == Primitive.SELECT
            && select.operands().getFirst() == i
            && (select.operands().subList(1, 3).equals(test.operands())
                || select.operands().subList(1, 3).equals(test.operands().reversed()));
      }
    }
    return false;
  }

  private void select(int i, ScalarType type, List<Integer> operands) {
    int test = operands.get(0);
    int a = operands.get(1);
    int b = operands.get(2);
    if (isExtremeTest(test)) {
      boolean least = body.get(test).operands().getFirst() == a;
      Vec first = registers.vec(a);
      Operand second = registers.operand(b);
      asm.op(extremeRow(least, type), length(type), registers.defineOver(i), first, second);
    } else {
      selectBy(i, type, test, a, b);
    }
  }

  /**
   * Smaller or larger of two, floats as {@link Scalars} says: NaN wins, of zeros the second is
   * taken.
   */
  private void extreme(int i, Primitive op, ScalarType type, List<Integer> operands) {
    boolean least = op == Primitive.MIN;
    switch (type) {
      case I32 -> binary(i, least ? VPMINSD : VPMAXSD, operands.get(0), operands.get(1), true);
      case I64 -> special(i, op, type, operands);
      case F32, F64 -> {
        Vec a = registers.vec(operands.get(0));
        Operand b = registers.operand(operands.get(1));
        Vec to = registers.define(i);
        asm.op(extremeRow(least, type), length(type), to, a, b);
        takeNan(to, a, type);
      }
      case BOOL -> throw new Decline(op + " of truth values");
    }
  }

  static Row extremeRow(boolean least, ScalarType type) {
    return type == ScalarType.F32 ? least ? VMINPS : VMAXPS : least ? VMINPD : VMAXPD;
  }

  /** {@code to = from} in lanes where {@code from} is NaN. */
  abstract void takeNan(Vec to, Vec from, ScalarType type);

  abstract void computeBool(int i, Primitive op, List<Integer> operands);

  abstract void compare(int i, Primitive op, ScalarType type, int a, int b);

  abstract void selectBy(int i, ScalarType type, int condition, int a, int b);

  abstract void convert(int i, Primitive op, int a);

  /** Operations that need a sequence of their own in one of the instruction sets. */
  abstract void special(int i, Primitive op, ScalarType type, List<Integer> operands);

  abstract void gather(int i, Instruction.LoadAt load, int walk);

  /**
   * Lanes of a value stay where {@code valid} (in the frame) is all ones, and become 0 elsewhere.
   */
  abstract void keepWhere(int i, Mem valid);

  // ---- division

  /** Integer division lane by lane, for what vectors cannot: 64 bits, or unsigned. */
  void divideLanes(int i, Primitive op, List<Integer> operands) {
    ScalarType type = type(i);
    Vec a = registers.vec(operands.get(0));
    Vec b = registers.vec(operands.get(1));
    int dividends = piece.frame.scratch;
    int divisors = piece.frame.scratch2;
    asm.op(VMOVUPS_STORE, length(type), Frame.at(dividends), a);
    asm.op(VMOVUPS_STORE, length(type), Frame.at(divisors), b);
    asm.store(Width.B64, Frame.at(piece.frame.saved), Pointers.END);
    for (int lane = 0; lane < lanes.count(); lane++) {
      int at = lane * type.bytes();
      divideLane(op, type, Frame.at(dividends + at), Frame.at(divisors + at));
    }
    asm.mov(Pointers.END, Frame.at(piece.frame.saved));
    asm.op(VMOVUPS, length(type), registers.define(i), Frame.at(dividends));
  }

  /** By 0 the quotient is 0; by -1 it is the negation, which the hardware would trap on for MIN. */
  private void divideLane(Primitive op, ScalarType type, Mem dividend, Mem divisor) {
    boolean unsigned = op == Primitive.UDIV || op == Primitive.UREM;
    boolean remainder = op == Primitive.REM || op == Primitive.UREM;
    Width width = type.isWide() ? Width.B64 : Width.B32;
    Label done = asm.newLabel();
    Label divide = asm.newLabel();
    if (unsigned) {
      asm.movzx(Pointers.ADDRESS, width, dividend);
      asm.movzx(Pointers.VALUE, width, divisor);
    } else {
      asm.movsx(Pointers.ADDRESS, width, dividend);
      asm.movsx(Pointers.VALUE, width, divisor);
    }
    asm.zero(Pointers.BITS);
    asm.test(Pointers.VALUE, Pointers.VALUE);
    if (remainder) {
      asm.mov(Pointers.BITS, Pointers.ADDRESS);
    }
    asm.jcc(Condition.EQUAL, done);
    if (!unsigned) {
      asm.cmp(Pointers.VALUE, -1);
      asm.jcc(Condition.NOT_EQUAL, divide);
      asm.zero(Pointers.BITS);
      if (!remainder) {
        asm.sub(Pointers.BITS, Pointers.ADDRESS);
      }
      asm.jmp(done);
    }
    asm.bind(divide);
    asm.divide(Pointers.VALUE, !unsigned);
    asm.mov(Pointers.BITS, remainder ? Pointers.END : Pointers.ADDRESS);
    asm.bind(done);
    asm.store(width, dividend, Pointers.BITS);
  }

  // ---- reductions

  /** {@code accumulator = op(accumulator, value)} in the lanes of the tail. */
  abstract void accumulate(Vec accumulator, Instruction.Reduce reduce, Operand value);

  /** {@code to = op(a, b)} as the primitive says, in registers. {@code to} is neither. */
  void combine(Vec to, Primitive op, ScalarType type, VectorLength length, Vec a, Operand b) {
    switch (op) {
      case ADD, MUL -> {
        Row row = row(op, type);
        if (row == null) {
          multiply64(to, a, b, length);
        } else {
          asm.op(row, length, to, a, b);
        }
      }
      case MIN, MAX -> {
        boolean least = op == Primitive.MIN;
        switch (type) {
          case F32, F64 -> {
            asm.op(extremeRow(least, type), length, to, a, b);
            takeNan(to, a, type, length);
          }
          case I32 -> asm.op(least ? VPMINSD : VPMAXSD, length, to, a, b);
          case I64 -> extreme64(to, least, a, b, length);
          case BOOL -> asm.op(least ? VANDPS : VORPS, length, to, a, b);
        }
      }
      default -> throw new Decline("reduction with " + op);
    }
  }

  abstract void takeNan(Vec to, Vec from, ScalarType type, VectorLength length);

  abstract void multiply64(Vec to, Vec a, Operand b, VectorLength length);

  abstract void extreme64(Vec to, boolean least, Vec a, Operand b, VectorLength length);
}
