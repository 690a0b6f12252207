package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.emit.Pointers.ADDRESS;
import static dev.bascule.cpu.emit.Pointers.BITS;
import static dev.bascule.cpu.emit.Pointers.POSITION;
import static dev.bascule.cpu.emit.Pointers.VALUE;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.cpu.asm.Address;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;
import org.jspecify.annotations.Nullable;

/**
 * Between memory and registers: elements of every dtype, in the scalar type they are computed in.
 */
abstract class Transfers {
  final Piece piece;
  final Assembler asm;
  final Lanes lanes;
  final VectorLength length4;
  final VectorLength length8;

  Transfers(Piece piece) {
    this.piece = piece;
    this.asm = piece.asm;
    this.lanes = piece.lanes;
    this.length4 = lanes.lengthOf(4);
    this.length8 = lanes.lengthOf(8);
  }

  /** A truth value as 32-bit lanes of ones. */
  abstract Vec lanesOfOnes(int value);

  // ---- loads

  void load(Vec to, ScalarType type, Home home) {
    switch (home) {
      case Home.Pool pool -> constant(to, type, pool.bits());
      case Home.Slot slot -> asm.op(VMOVUPS, lanes.length(type), to, Frame.at(slot.offset()));
      case Home.Spill spill -> asm.op(VMOVUPS, lanes.length(type), to, Frame.at(spill.offset()));
      case Home.Array array ->
          asm.op(VMOVUPS, lanes.length(type), to, piece.array(array.offset(), type));
      case Home.Operand operand -> {
        Walk walk = piece.pointers.walk(operand.walk());
        Mem from = piece.pointers.element(operand.walk(), piece.shift);
        if (walk.vector() == Walk.Step.UNIFORM) {
          broadcast(to, walk.dtype(), from);
        } else {
          contiguous(to, walk.dtype(), from);
        }
      }
    }
  }

  abstract void loadMask(Mask to, Home home);

  /** The home as an operand of arithmetic, where it can be one. */
  @Nullable Operand foldable(ScalarType type, Home home) {
    return switch (home) {
      case Home.Pool pool -> constantOperand(type, pool.bits());
      case Home.Slot slot -> Frame.at(slot.offset());
      case Home.Spill spill -> Frame.at(spill.offset());
      case Home.Array array -> piece.array(array.offset(), type);
      case Home.Operand operand -> {
        Walk walk = piece.pointers.walk(operand.walk());
        if (walk.bytes() < 4) {
          yield null;
        }
        boolean uniform = walk.vector() == Walk.Step.UNIFORM;
        if (uniform && !lanes.hasMasks()) {
          yield null;
        }
        Mem at = piece.pointers.element(operand.walk(), piece.shift);
        yield uniform ? at.toAllLanes() : at;
      }
    };
  }

  abstract Address constantOperand(ScalarType type, long bits);

  private void constant(Vec to, ScalarType type, long bits) {
    if (bits == 0) {
      asm.zero(to);
    } else if (type.isWide()) {
      broadcast8(to, asm.constant64(bits));
    } else {
      asm.op(VBROADCASTSS, length4, to, asm.constant32(type == ScalarType.BOOL ? -1 : (int) bits));
    }
  }

  void move(Vec to, Vec from) {
    if (!from.equals(to)) {
      asm.op(VMOVAPS, lanes.widest(), to, from);
    }
  }

  void spill(int offset, Vec vec) {
    asm.op(VMOVUPS_STORE, lanes.widest(), Frame.at(offset), vec);
  }

  abstract void spillMask(int offset, Mask mask);

  /** Consecutive elements into 32-bit or 64-bit lanes. */
  void contiguous(Vec to, DType dtype, Operand from) {
    switch (dtype) {
      case F64, I64, U64 -> asm.op(VMOVUPS, length8, to, from);
      case F32, I32, U32 -> asm.op(VMOVUPS, length4, to, from);
      case F16 -> asm.op(VCVTPH2PS, length4, to, from);
      case BF16 -> {
        asm.op(VPMOVZXWD, length4, to, from);
        asm.op(VPSLLD, length4, to, to, 16);
      }
      case I16 -> asm.op(VPMOVSXWD, length4, to, from);
      case U16 -> asm.op(VPMOVZXWD, length4, to, from);
      case I8 -> asm.op(VPMOVSXBD, length4, to, from);
      case U8 -> asm.op(VPMOVZXBD, length4, to, from);
      case BOOL -> {
        asm.op(VPMOVZXBD, length4, to, from);
        asm.op(VPSLLD, length4, to, to, 31);
        asm.op(VPSRAD, length4, to, to, 31);
      }
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
    }
  }

  /** 8 bytes into all lanes; into the first where there are two (a single value). */
  void broadcast8(Vec to, Address from) {
    asm.op(length8 == V128 ? VMOVSD : VBROADCASTSD, length8, to, from);
  }

  /** One element into all lanes. */
  void broadcast(Vec to, DType dtype, Mem from) {
    switch (dtype) {
      case F64, I64, U64 -> broadcast8(to, from);
      case F32, I32, U32 -> asm.op(VBROADCASTSS, length4, to, from);
      case I8, I16, U8, U16, BF16, F16, BOOL -> {
        narrow(dtype, from);
        asm.op(VMOVD, V128, to, VALUE);
        if (dtype == DType.F16) {
          asm.op(VCVTPH2PS, V128, to, to);
        }
        asm.op(VPBROADCASTD, length4, to, to);
      }
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
    }
  }

  /** A narrow element into {@link Pointers#VALUE}, as 32 bits of what it stands for (f16 apart). */
  void narrow(DType dtype, Mem from) {
    switch (dtype) {
      case I8 -> asm.movsx(VALUE, Width.B8, from);
      case I16 -> asm.movsx(VALUE, Width.B16, from);
      case U8, BOOL -> asm.movzx(VALUE, Width.B8, from);
      default -> asm.movzx(VALUE, Width.B16, from);
    }
    if (dtype == DType.BF16) {
      asm.shl(VALUE, 16);
    } else if (dtype == DType.BOOL) {
      asm.neg(VALUE);
    }
  }

  /** Emits a load instruction that cannot wait for its use. */
  void loadNow(int i, int walkId, int mask) {
    Walk walk = piece.pointers.walk(walkId);
    boolean bool = walk.dtype() == DType.BOOL;
    boolean strided = walk.vector() == Walk.Step.STRIDED || walk.vector() == Walk.Step.TABLE;
    if (mask == Instruction.ALWAYS && !strided) {
      Home home = new Home.Operand(walkId);
      if (bool && lanes.hasMasks()) {
        loadMask(piece.registers.defineMask(i), home);
      } else {
        load(piece.registers.define(i), piece.layout.body.get(i).type(), home);
      }
    } else if (mask == Instruction.ALWAYS
        && strided
        && !piece.tail
        && walk.bytes() >= 4
        && walk.vector() == Walk.Step.STRIDED) {
      insertLanes(piece.registers.define(i), walkId);
    } else if (mask != Instruction.ALWAYS && !strided && loadMasked(i, walkId, mask)) {
      return;
    } else {
      boolean some = mask != Instruction.ALWAYS || piece.tail;
      if (some) {
        activeBits(mask);
        Vec zero = piece.registers.temp();
        asm.zero(zero);
        asm.op(VMOVUPS_STORE, lanes.widest(), Frame.at(piece.frame.scratch), zero);
      }
      lanesToScratch(walkId, some);
      Mem from = Frame.at(piece.frame.scratch);
      if (bool && lanes.hasMasks()) {
        maskOfBytes(piece.registers.defineMask(i), from);
      } else {
        contiguous(piece.registers.define(i), walk.dtype(), from);
      }
    }
  }

  /** A masked load of consecutive elements or of one; false where it must go lane by lane. */
  abstract boolean loadMasked(int i, int walk, int mask);

  abstract void maskOfBytes(Mask to, Operand from);

  /** The lanes to touch, as bits in {@link Pointers#BITS}. */
  abstract void activeBits(int mask);

  /** Lanes at equal distances, four (or two) at a time. */
  private void insertLanes(Vec to, int walkId) {
    Pointers.Words words = piece.pointers.words(walkId);
    int bytes = piece.pointers.walk(walkId).bytes();
    asm.mov(ADDRESS, Frame.at(words.cursor()));
    asm.mov(VALUE, Frame.at(words.stride()));
    int group = 16 / bytes;
    if (bytes == 4) {
      asm.lea(BITS, Mem.at(VALUE, VALUE, 2));
    }
    for (int lane = 0; lane < lanes.count(); lane += group) {
      Vec part = lane == 0 ? to : piece.registers.temp();
      if (bytes == 8) {
        asm.op(VMOVSD, V128, part, Mem.at(ADDRESS));
        asm.op(VPINSRQ, V128, part, part, Mem.at(ADDRESS, VALUE, 1), 1);
        asm.lea(ADDRESS, Mem.at(ADDRESS, VALUE, 2));
      } else {
        asm.op(VMOVD, V128, part, Mem.at(ADDRESS));
        asm.op(VPINSRD, V128, part, part, Mem.at(ADDRESS, VALUE, 1), 1);
        asm.op(VPINSRD, V128, part, part, Mem.at(ADDRESS, VALUE, 2), 2);
        asm.op(VPINSRD, V128, part, part, Mem.at(ADDRESS, BITS, 1), 3);
        asm.lea(ADDRESS, Mem.at(ADDRESS, VALUE, 4));
      }
      if (lane > 0) {
        insert128(to, part, lane / group, lanes.lengthOf(bytes));
      }
    }
  }

  abstract void insert128(Vec to, Vec part, int at, VectorLength length);

  /** Copies elements, as they are, from wherever the lanes are to the scratch vector. */
  private void lanesToScratch(int walkId, boolean some) {
    Walk walk = piece.pointers.walk(walkId);
    laneAddress(walkId);
    Width width = widthOf(walk.bytes());
    for (int lane = 0; lane < lanes.count(); lane++) {
      Label skip = asm.newLabel();
      skipUnless(lane, some, skip);
      Mem from = laneElement(walkId, lane);
      asm.movzx(VALUE, width, from);
      asm.store(width, Frame.at(piece.frame.scratch + lane * walk.bytes()), VALUE);
      asm.bind(skip);
      nextLane(walkId);
    }
  }

  /** Copies elements from the scratch vector to wherever the lanes are. */
  void scratchToLanes(int walkId, boolean some, int count) {
    Walk walk = piece.pointers.walk(walkId);
    laneAddress(walkId);
    Width width = widthOf(walk.bytes());
    // Tables are walked along rows only, where the accumulator's index is free.
    Gpr value = walk.vector() == Walk.Step.TABLE ? Pointers.ACCUMULATOR : VALUE;
    for (int lane = 0; lane < count; lane++) {
      Label skip = asm.newLabel();
      skipUnless(lane, some, skip);
      asm.movzx(value, width, Frame.at(piece.frame.scratch + lane * walk.bytes()));
      asm.store(width, laneElement(walkId, lane), value);
      asm.bind(skip);
      nextLane(walkId);
    }
  }

  private void skipUnless(int lane, boolean some, Label skip) {
    if (some) {
      asm.test(BITS, 1 << lane);
      asm.jcc(Condition.EQUAL, skip);
    }
  }

  private void laneAddress(int walkId) {
    Walk walk = piece.pointers.walk(walkId);
    Pointers.Words words = piece.pointers.words(walkId);
    switch (walk.vector()) {
      case STRIDED -> asm.mov(ADDRESS, Frame.at(words.cursor()));
      case TABLE -> asm.mov(ADDRESS, Frame.at(words.table()));
      case CONTIGUOUS, UNIFORM -> asm.lea(ADDRESS, piece.pointers.element(walkId, piece.shift));
    }
  }

  private Mem laneElement(int walkId, int lane) {
    if (piece.pointers.walk(walkId).vector() != Walk.Step.TABLE) {
      return Mem.at(ADDRESS);
    }
    asm.mov(VALUE, Mem.at(ADDRESS, POSITION, 8, (piece.shift + lane) * 8));
    Gpr base = piece.pointers.register(walkId);
    asm.add(VALUE, base == null ? Frame.at(piece.pointers.current(walkId)) : base);
    return Mem.at(VALUE);
  }

  private void nextLane(int walkId) {
    Walk walk = piece.pointers.walk(walkId);
    switch (walk.vector()) {
      case STRIDED -> asm.add(ADDRESS, Frame.at(piece.pointers.words(walkId).stride()));
      case CONTIGUOUS -> asm.add(ADDRESS, walk.bytes());
      case UNIFORM, TABLE -> {}
    }
  }

  static Width widthOf(int bytes) {
    return switch (bytes) {
      case 1 -> Width.B8;
      case 2 -> Width.B16;
      case 4 -> Width.B32;
      default -> Width.B64;
    };
  }

  // ---- stores

  /** A value rounded to bf16, which it is already if a rounding or a load of that type gave it. */
  Vec bf16(int value) {
    Vec from = piece.registers.vec(value);
    boolean rounded =
        switch (piece.layout.body.get(value)) {
          case Instruction.Compute compute -> compute.op() == Primitive.ROUND_BF16;
          case Instruction.Load load -> isBf16(value);
          case Instruction.LoadAt load -> isBf16(value);
          default -> false;
        };
    if (rounded) {
      return from;
    }
    Vec to = piece.registers.temp();
    piece.arithmetic.roundBf16(to, from);
    return to;
  }

  private boolean isBf16(int load) {
    return piece.pointers.walk(piece.layout.walkOf(load)).dtype() == DType.BF16;
  }

  /**
   * Writes a value where its walk stands; lanes beyond the tail and masked ones stay as they are.
   */
  void store(int walkId, int value, int mask) {
    Walk walk = piece.pointers.walk(walkId);
    boolean some = mask != Instruction.ALWAYS || piece.tail;
    if (walk.vector() == Walk.Step.CONTIGUOUS) {
      storeContiguous(walkId, value, mask, some);
      return;
    }
    Packed packed = pack(walk.dtype(), value);
    storeWhole(packed, Frame.at(piece.frame.scratch));
    if (some) {
      activeBits(mask);
    }
    scratchToLanes(walkId, some, walk.vector() == Walk.Step.UNIFORM ? 1 : lanes.count());
  }

  /** Consecutive elements in a register: {@code lanes} of {@code bytes} each. */
  record Packed(Vec vec, int bytes) {}

  abstract void storeContiguous(int walkId, int value, int mask, boolean some);

  abstract Packed pack(DType dtype, int value);

  /** All lanes of a packed vector. */
  void storeWhole(Packed packed, Mem to) {
    switch (packed.bytes() * lanes.count()) {
      case 64, 32, 16 -> asm.op(VMOVUPS_STORE, lanes.lengthOf(packed.bytes()), to, packed.vec());
      case 8 -> asm.op(VMOVSD_STORE, V128, to, packed.vec());
      default -> asm.op(VMOVD_STORE, V128, to, packed.vec());
    }
  }
}
