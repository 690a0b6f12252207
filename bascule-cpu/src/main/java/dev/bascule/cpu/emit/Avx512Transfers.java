package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.asm.Address;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.MaskOp;
import dev.bascule.cpu.asm.Masking;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;

/** Loads and stores with AVX-512: truth values and tails are opmasks. */
final class Avx512Transfers extends Transfers {
  /** The lanes of a tail that are real. */
  static final Mask TAIL = Mask.K7;

  Avx512Transfers(Piece piece) {
    super(piece);
  }

  @Override
  Address constantOperand(ScalarType type, long bits) {
    return type.isWide()
        ? asm.constant64(bits).toAllLanes()
        : asm.constant32((int) bits).toAllLanes();
  }

  @Override
  void loadMask(Mask to, Home home) {
    switch (home) {
      case Home.Pool pool -> {
        asm.mov(Pointers.VALUE, pool.bits() == 0 ? 0 : 0xFFFF);
        asm.kmov(Width.B32, to, Pointers.VALUE);
      }
      case Home.Slot slot -> maskOfLanes(to, Frame.at(slot.offset()));
      case Home.Spill spill -> asm.kmov(Width.B64, to, Frame.at(spill.offset()));
      case Home.Array array -> maskOfLanes(to, piece.array(array.offset(), ScalarType.BOOL));
      case Home.Operand operand -> {
        Mem from = piece.pointers.element(operand.walk(), piece.shift);
        if (piece.pointers.walk(operand.walk()).vector() == Walk.Step.UNIFORM) {
          narrow(DType.BOOL, from);
          asm.kmov(Width.B32, to, Pointers.VALUE);
        } else {
          maskOfBytes(to, from);
        }
      }
    }
  }

  private void maskOfLanes(Mask to, Mem from) {
    Vec lanesOfOnes = piece.registers.temp();
    asm.op(VMOVUPS, length4, lanesOfOnes, from);
    asm.op(VPTESTMD_MASK, length4, to, lanesOfOnes, lanesOfOnes);
  }

  @Override
  void maskOfBytes(Mask to, Operand from) {
    Vec bytes = piece.registers.temp();
    if (lanes.count() == 16) {
      asm.op(VMOVUPS, V128, bytes, from);
    } else {
      asm.op(VMOVSD, V128, bytes, from);
    }
    asm.op(VPTESTMB_MASK, V128, to, bytes, bytes);
  }

  @Override
  void spillMask(int offset, Mask mask) {
    asm.kmov(Width.B64, Frame.at(offset), mask);
  }

  @Override
  Vec lanesOfOnes(int value) {
    Vec ones = piece.registers.temp();
    asm.op(VPMOVM2D, length4, ones, piece.registers.mask(value));
    return ones;
  }

  @Override
  void activeBits(int mask) {
    if (mask == Instruction.ALWAYS) {
      asm.kmov(Width.B16, Pointers.BITS, TAIL);
    } else {
      asm.kmov(Width.B16, Pointers.BITS, active(mask));
    }
  }

  /** The lanes to touch; only for masked accesses and tails. */
  private Mask active(int mask) {
    if (mask == Instruction.ALWAYS) {
      return TAIL;
    }
    Mask lanesWanted = piece.registers.mask(mask);
    if (!piece.tail) {
      return lanesWanted;
    }
    Mask both = piece.registers.tempMask();
    asm.mask(MaskOp.KAND, Width.B16, both, lanesWanted, TAIL);
    return both;
  }

  /**
   * The mask without bits beyond the lanes: a constant or a negation sets all 16, and an access of
   * bytes, which has 16 of them also where lanes are 8, would touch what lies behind.
   */
  private Mask ofLanes(Mask active) {
    if (lanes.count() == 16 || active == TAIL) {
      return active;
    }
    Mask some = piece.registers.tempMask();
    asm.mov(Pointers.BITS, (1 << lanes.count()) - 1);
    asm.kmov(Width.B16, some, Pointers.BITS);
    asm.mask(MaskOp.KAND, Width.B16, some, some, active);
    return some;
  }

  @Override
  boolean loadMasked(int i, int walkId, int mask) {
    Walk walk = piece.pointers.walk(walkId);
    Mask active = walk.bytes() == 1 ? ofLanes(active(mask)) : active(mask);
    Masking zeroing = Masking.zero(active);
    Mem from = piece.pointers.element(walkId, piece.shift);
    boolean one = walk.vector() == Walk.Step.UNIFORM;
    if (walk.dtype() == DType.BOOL) {
      Vec bytes = piece.registers.temp();
      asm.op(one ? VPBROADCASTB : VMOVDQU8, V128, bytes, from, zeroing);
      asm.op(VPTESTMB_MASK, V128, piece.registers.defineMask(i), bytes, bytes);
      return true;
    }
    Vec to = piece.registers.define(i);
    switch (walk.bytes()) {
      case 8 -> asm.op(one && length8 != V128 ? VBROADCASTSD : VMOVUPD, length8, to, from, zeroing);
      case 4 -> asm.op(one ? VBROADCASTSS : VMOVUPS, length4, to, from, zeroing);
      case 2 -> {
        asm.op(one ? VPBROADCASTW : VMOVDQU16, lanes.lengthOf(2), to, from, zeroing);
        contiguous(to, walk.dtype(), to);
      }
      default -> {
        asm.op(one ? VPBROADCASTB : VMOVDQU8, V128, to, from, zeroing);
        contiguous(to, walk.dtype(), to);
      }
    }
    return true;
  }

  @Override
  void insert128(Vec to, Vec part, int at, VectorLength length) {
    asm.op(VINSERTI32X4, length, to, to, part, at);
  }

  @Override
  void storeContiguous(int walkId, int value, int mask, boolean some) {
    Walk walk = piece.pointers.walk(walkId);
    Packed packed = pack(walk.dtype(), value);
    Mask active = some ? active(mask) : Mask.K0;
    Mem to = piece.pointers.element(walkId, piece.shift);
    if (!some) {
      storeWhole(packed, to);
      return;
    }
    Masking merging = Masking.merge(packed.bytes() == 1 ? ofLanes(active) : active);
    switch (packed.bytes()) {
      case 8 -> asm.op(VMOVUPD_STORE, length8, to, packed.vec(), merging);
      case 4 -> asm.op(VMOVUPS_STORE, length4, to, packed.vec(), merging);
      case 2 -> asm.op(VMOVDQU16_STORE, lanes.lengthOf(2), to, packed.vec(), merging);
      default -> asm.op(VMOVDQU8_STORE, V128, to, packed.vec(), merging);
    }
  }

  @Override
  Packed pack(DType dtype, int value) {
    return switch (dtype) {
      case F64, I64, U64 -> new Packed(piece.registers.vec(value), 8);
      case F32, I32, U32 -> new Packed(piece.registers.vec(value), 4);
      case F16 -> {
        Vec packed = piece.registers.temp();
        asm.op(VCVTPS2PH, length4, packed, piece.registers.vec(value), 0);
        yield new Packed(packed, 2);
      }
      case BF16 -> {
        Vec packed = piece.registers.temp();
        asm.op(VPSRLD, length4, packed, bf16(value), 16);
        asm.op(VPMOVDW, length4, packed, packed);
        yield new Packed(packed, 2);
      }
      case I16, U16 -> {
        Vec packed = piece.registers.temp();
        asm.op(VPMOVDW, length4, packed, piece.registers.vec(value));
        yield new Packed(packed, 2);
      }
      case I8, U8 -> {
        Vec packed = piece.registers.temp();
        asm.op(VPMOVDB, length4, packed, piece.registers.vec(value));
        yield new Packed(packed, 1);
      }
      case BOOL -> {
        Vec packed = piece.registers.temp();
        Mask mask = piece.registers.mask(value);
        asm.op(VMOVDQU8, V128, packed, piece.layout.onesOfBytes(), Masking.zero(mask));
        yield new Packed(packed, 1);
      }
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
    };
  }
}
