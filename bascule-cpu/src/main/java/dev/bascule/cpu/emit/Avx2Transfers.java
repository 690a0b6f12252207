package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.asm.VectorLength.V256;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.asm.Address;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/** Loads and stores with AVX2: truth values and tails are 32-bit lanes of ones. */
final class Avx2Transfers extends Transfers {
  /** The lanes of a tail that are real. */
  static final Vec TAIL = new Vec(15);

  Avx2Transfers(Piece piece) {
    super(piece);
  }

  @Override
  Address constantOperand(ScalarType type, long bits) {
    long lane = type == ScalarType.BOOL && bits != 0 ? -1 : bits;
    int bytes = type.isWide() ? 8 : 4;
    byte[] vector = new byte[Math.max(16, lanes.count() * bytes)];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (byte) (lane >> 8 * (i % bytes));
    }
    return asm.constant(vector);
  }

  @Override
  void loadMask(Mask to, Home home) {
    throw new IllegalStateException("no opmasks in AVX2");
  }

  @Override
  void maskOfBytes(Mask to, Operand from) {
    throw new IllegalStateException("no opmasks in AVX2");
  }

  @Override
  void spillMask(int offset, Mask mask) {
    throw new IllegalStateException("no opmasks in AVX2");
  }

  @Override
  Vec lanesOfOnes(int value) {
    return piece.registers.vec(value);
  }

  @Override
  void activeBits(int mask) {
    asm.op(VMOVMSKPS, length4, Pointers.BITS, active(mask));
  }

  private Vec active(int mask) {
    if (mask == Instruction.ALWAYS) {
      return TAIL;
    }
    Vec wanted = piece.registers.vec(mask);
    if (!piece.tail) {
      return wanted;
    }
    Vec both = piece.registers.temp();
    asm.op(VANDPS, length4, both, wanted, TAIL);
    return both;
  }

  /** A mask of 32-bit lanes for 64-bit ones. */
  Vec widened(Vec mask) {
    Vec wide = piece.registers.temp();
    asm.op(VPMOVSXDQ, length8, wide, mask);
    return wide;
  }

  @Override
  boolean loadMasked(int i, int walkId, int mask) {
    Walk walk = piece.pointers.walk(walkId);
    if (walk.bytes() < 4 || walk.vector() != Walk.Step.CONTIGUOUS) {
      return false;
    }
    Vec active = active(mask);
    if (walk.bytes() == 8) {
      Vec wide = widened(active);
      Vec to = piece.registers.define(i);
      asm.op(VMASKMOVPD, length8, to, wide, piece.pointers.element(walkId, piece.shift));
    } else {
      Vec to = piece.registers.define(i);
      asm.op(VMASKMOVPS, length4, to, active, piece.pointers.element(walkId, piece.shift));
    }
    return true;
  }

  @Override
  void insert128(Vec to, Vec part, int at, VectorLength length) {
    asm.op(VINSERTI128, V256, to, to, part, at);
  }

  @Override
  void storeContiguous(int walkId, int value, int mask, boolean some) {
    Walk walk = piece.pointers.walk(walkId);
    Packed packed = pack(walk.dtype(), value);
    if (!some) {
      storeWhole(packed, piece.pointers.element(walkId, piece.shift));
      return;
    }
    switch (packed.bytes()) {
      case 8 -> {
        Vec wide = widened(active(mask));
        Mem to = piece.pointers.element(walkId, piece.shift);
        asm.op(VMASKMOVPD_STORE, length8, to, wide, packed.vec());
      }
      case 4 -> {
        Vec active = active(mask);
        Mem to = piece.pointers.element(walkId, piece.shift);
        asm.op(VMASKMOVPS_STORE, length4, to, active, packed.vec());
      }
      default -> {
        storeWhole(packed, Frame.at(piece.frame.scratch));
        activeBits(mask);
        scratchToLanes(walkId, true, lanes.count());
      }
    }
  }

  @Override
  Packed pack(DType dtype, int value) {
    Vec from = piece.registers.vec(value);
    return switch (dtype) {
      case F64, I64, U64 -> new Packed(from, 8);
      case F32, I32, U32 -> new Packed(from, 4);
      case F16 -> {
        Vec packed = piece.registers.temp();
        asm.op(VCVTPS2PH, length4, packed, from, 0);
        yield new Packed(packed, 2);
      }
      case BF16 -> {
        Vec packed = piece.registers.temp();
        asm.op(VPSRLD, length4, packed, bf16(value), 16);
        words(packed, packed);
        yield new Packed(packed, 2);
      }
      case I16, U16 -> {
        Vec packed = piece.registers.temp();
        words(packed, from);
        yield new Packed(packed, 2);
      }
      case I8, U8 -> {
        Vec packed = piece.registers.temp();
        bytes(packed, from);
        yield new Packed(packed, 1);
      }
      case BOOL -> {
        Vec packed = piece.registers.temp();
        asm.op(VPSRLD, length4, packed, from, 31);
        bytes(packed, packed);
        yield new Packed(packed, 1);
      }
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
    };
  }

  /** The low words of 32-bit lanes, side by side. */
  void words(Vec to, Vec from) {
    asm.op(VPSHUFB, length4, to, from, everyLane(2));
    if (length4 == V256) {
      asm.op(VPERMQ_IMM, V256, to, to, 8);
    }
  }

  private void bytes(Vec to, Vec from) {
    asm.op(VPSHUFB, length4, to, from, everyLane(1));
    if (length4 == V256) {
      Vec high = piece.registers.temp();
      asm.op(VEXTRACTI128, V256, high, to, 1);
      asm.op(VPUNPCKLDQ, V128, to, to, high);
    }
  }

  /** A shuffle that puts the low bytes of each 32-bit lane side by side, in each 16 bytes. */
  private Address everyLane(int bytes) {
    byte[] pattern = new byte[Math.max(16, lanes.count() * 4)];
    for (int i = 0; i < pattern.length; i++) {
      int within = i % 16;
      pattern[i] = (byte) (within < 4 * bytes ? within / bytes * 4 + within % bytes : 0x80);
    }
    return asm.constant(pattern);
  }
}
