package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.core.quant.QuantType;
import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Address;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Masking;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Vsib;
import dev.bascule.cpu.asm.Width;

/**
 * Emits the packing of one tile of a {@link BlockFormat} that has a layout of its own: words are
 * gathered from all rows at once, so that a gathered vector is, after a few operations on bits, a
 * vector of the tile.
 */
final class PackingKernel {
  /** The argument block: 8 bytes each. */
  enum Argument {
    /** Address of the first row. */
    FROM,
    /** Address of a vector of i32: bytes from the first row to each lane's row. */
    ROWS,
    /** Address of the tile. */
    TO,
    /** Units of a row. */
    UNITS;

    static final int BLOCK_BYTES = 8 * values().length;

    Mem place() {
      return Mem.at(Gpr.RDI, offset());
    }

    int offset() {
      return 8 * ordinal();
    }
  }

  private static final Gpr FROM = Gpr.R8;
  private static final Gpr TO = Gpr.R9;
  private static final Gpr COUNT = Gpr.RCX;
  private static final Gpr ALL = Gpr.RAX;
  private static final Vec ROWS = v(15);
  private static final Vec LANES = v(14);
  private static final Vec NIBBLE = v(13);
  private static final Vec SUM = v(8);
  private static final Vec PART = v(9);
  private static final Mask GATHERED = Mask.K1;
  private static final int NIBBLES = 0x0F0F_0F0F;
  private static final int ONES = 0x0101_0101;
  private static final int THREES = 0x0303_0303;

  /** Times four bits: each in a byte of its own, at the bottom once {@link #ONES} is applied. */
  private static final int SPREAD = 0x0020_4081;

  private static final int WORD = 4;
  private static final int PARTS = 8;

  private final BlockFormat format;
  private final QuantType type;
  private final Assembler asm;
  private final VectorLength length;
  private final boolean isAvx512;

  private PackingKernel(BlockFormat format) {
    this.format = format;
    this.type = format.type();
    this.asm = new Assembler(format.level());
    this.isAvx512 = format.level() == IsaLevel.AVX512;
    this.length = isAvx512 ? VectorLength.V512 : VectorLength.V256;
  }

  static byte[] emit(BlockFormat format) {
    return new PackingKernel(format).tile();
  }

  private byte[] tile() {
    AbiFrame frame = AbiFrame.saving();
    frame.enter(asm);
    asm.mov(FROM, Argument.ROWS.place());
    asm.op(VMOVUPS, length, ROWS, Mem.at(FROM));
    asm.mov(FROM, Argument.FROM.place());
    asm.mov(TO, Argument.TO.place());
    asm.mov(COUNT, Argument.UNITS.place());
    asm.mov(ALL, -1);
    asm.op(VPBROADCASTD, length, NIBBLE, asm.constant32(NIBBLES));
    Label unit = asm.here();
    header();
    numbers();
    asm.add(FROM, sourceBlocks() * type.blockBytes());
    asm.add(TO, format.unitBytes());
    asm.sub(COUNT, 1);
    asm.jcc(Condition.GREATER, unit);
    frame.leave(asm);
    return asm.finish();
  }

  /** Blocks of the type in a unit. */
  private int sourceBlocks() {
    return format.unitBlocks() * BlockFormat.BLOCK / type.blockElements();
  }

  private void gather(Vec to, int at) {
    Vsib words = new Vsib(FROM, ROWS, 1, at);
    if (isAvx512) {
      asm.kmov(Width.B16, GATHERED, ALL);
      asm.op(VPGATHERDD, length, to, words, Masking.merge(GATHERED));
    } else {
      asm.op(VPCMPEQD, length, LANES, LANES, LANES);
      asm.op(VPGATHERDD_VEX, length, to, LANES, words);
    }
  }

  // ---- scales

  private void header() {
    int halves = Short.BYTES * format.lanes();
    switch (format.scaling()) {
      case F16 -> {
        for (int block = 0; block < format.unitBlocks(); block++) {
          gather(v(0), block * type.blockBytes());
          storeHalves(v(0), block * halves);
          if (type.hasOffsets()) {
            storeUpperHalves((format.unitBlocks() + block) * halves);
          }
        }
      }
      case SIX_BIT -> {
        gather(v(0), 0);
        storeHalves(v(0), 0);
        storeUpperHalves(halves);
        storeBytes(WORD, SixBitScales.BYTES, 2 * halves);
      }
      case EIGHT_BIT -> {
        int d = type.blockBytes() - Short.BYTES;
        int count = PARTS * format.groups();
        gather(v(0), d - Short.BYTES);
        storeUpperHalves(0);
        storeBytes(d - count, count, halves);
      }
      case F32 -> throw new IllegalArgumentException(type + " has no layout of its own");
    }
  }

  private void storeUpperHalves(int to) {
    asm.op(VPSRLD, length, v(0), v(0), Short.SIZE);
    storeHalves(v(0), to);
  }

  /** The low 16 bits of each lane. */
  private void storeHalves(Vec words, int to) {
    if (isAvx512) {
      asm.op(VPMOVDW, length, Mem.at(TO, to), words);
      return;
    }
    asm.op(VPSLLD, length, PART, words, Short.SIZE);
    asm.op(VPSRLD, length, PART, PART, Short.SIZE);
    asm.op(VPACKUSDW, length, PART, PART, PART);
    asm.op(VPERMQ_IMM, length, PART, PART, 0x08);
    asm.op(VMOVDQU_STORE, VectorLength.V128, Mem.at(TO, to), PART);
  }

  /** Bytes that each row has from {@code at} on: all rows' first byte, then all rows' second. */
  private void storeBytes(int at, int count, int to) {
    for (int i = 0; i < count; i++) {
      if (i % WORD == 0) {
        gather(v(0), at + i);
      }
      Mem place = Mem.at(TO, to + i * format.lanes());
      int above = Byte.SIZE * (WORD - 1 - i % WORD);
      asm.op(VPSLLD, length, v(1), v(0), above);
      asm.op(VPSRLD, length, v(1), v(1), Byte.SIZE * (WORD - 1));
      if (isAvx512) {
        asm.op(VPMOVDB, length, place, v(1));
      } else {
        asm.op(VPACKUSDW, length, v(1), v(1), v(1));
        asm.op(VPACKUSWB, length, v(1), v(1), v(1));
        asm.op(VEXTRACTI128, length, v(2), v(1), 1);
        asm.op(VPUNPCKLDQ, VectorLength.V128, v(1), v(1), v(2));
        asm.op(VMOVQ_STORE, VectorLength.V128, place, v(1));
      }
    }
  }

  // ---- numbers

  private int blockAt(int part) {
    return format.headerBytes() + part * format.blockBytes();
  }

  private void numbers() {
    switch (type) {
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> {
        for (int block = 0; block < format.unitBlocks(); block++) {
          numbers(block, block * type.blockBytes());
        }
      }
      case Q4_K -> pairsOfParts(16);
      case Q5_K -> {
        pairsOfParts(48);
        bitsByPart();
      }
      case Q6_K -> {
        for (int half = 0; half < 2; half++) {
          int first = PARTS / 2 * half;
          nibbles(64 * half, first, first + 2);
          nibbles(64 * half + 32, first + 1, first + 3);
          twoBitsByPart(128 + 32 * half, first);
        }
      }
      case Q2_K, Q3_K, IQ4_NL, IQ4_XS, MXFP4 ->
          throw new IllegalArgumentException(type + " has no layout of its own");
    }
  }

  /** A block of 32 elements that begins at byte {@code at}. */
  private void numbers(int block, int at) {
    int offsets = type.hasOffsets() ? Short.BYTES : 0;
    int from = at + Short.BYTES + offsets;
    if (format.bits() == Byte.SIZE) {
      bytes(block, from);
    } else if (format.planes() > 0) {
      bitsOfAWord(block, from);
      halvesOfABlock(block, from + WORD);
    } else {
      halvesOfABlock(block, from);
    }
  }

  private void bytes(int block, int from) {
    for (int i = 0; i < BlockFormat.VECTORS; i++) {
      gather(v(0), from + WORD * i);
      if (format.bias() > 0) {
        asm.op(VPXORD, length, v(0), v(0), everywhere(ONES * format.bias()));
      }
      store(blockAt(block) + i * length.bytes(), v(0));
    }
  }

  /** 16 bytes: the block's first half in the low bits, its second in the high bits. */
  private void halvesOfABlock(int block, int from) {
    for (int i = 0; i < 2; i++) {
      int to = blockAt(block) + i * length.bytes();
      pair(from + 2 * WORD * i, to, to + 2 * length.bytes());
    }
  }

  /** 32 bytes for each two parts. */
  private void pairsOfParts(int from) {
    for (int part = 0; part < PARTS; part += 2) {
      nibbles(from + BlockFormat.BLOCK * part / 2, part, part + 1);
    }
  }

  /** 32 bytes: one part in the low bits, another in the high bits. */
  private void nibbles(int from, int lowPart, int highPart) {
    for (int i = 0; i < BlockFormat.VECTORS / 2; i++) {
      int offset = i * length.bytes();
      pair(from + 2 * WORD * i, blockAt(lowPart) + offset, blockAt(highPart) + offset);
    }
  }

  /** Two words' low nibbles to one vector, their high nibbles to another. */
  private void pair(int from, int lowTo, int highTo) {
    gather(v(0), from);
    gather(v(1), from + WORD);
    and(v(2), v(0), NIBBLE);
    and(v(3), v(1), NIBBLE);
    asm.op(VPSLLD, length, v(3), v(3), WORD);
    or(v(2), v(3));
    store(lowTo, v(2));
    asm.op(VPSRLD, length, v(0), v(0), WORD);
    and(v(0), v(0), NIBBLE);
    asm.op(isAvx512 ? VPANDND : VPANDN, length, v(1), NIBBLE, v(1));
    or(v(0), v(1));
    store(highTo, v(0));
  }

  // ---- planes

  private int planeAt(int part, int plane) {
    return blockAt(part) + (BlockFormat.VECTORS / 2 + plane) * length.bytes();
  }

  /** A word with a bit for each element. */
  private void bitsOfAWord(int block, int from) {
    gather(v(0), from);
    for (int i = 0; i < BlockFormat.VECTORS; i++) {
      asm.op(VPSRLD, length, PART, v(0), WORD * i);
      and(PART, PART, everywhere(0x0F));
      asm.op(VPMULLD, length, PART, PART, everywhere(SPREAD));
      and(PART, PART, everywhere(ONES));
      addPart(i, i);
    }
    store(planeAt(block, 0), SUM);
  }

  /** 32 bytes with a bit for each part. */
  private void bitsByPart() {
    gatherWords(16);
    for (int part = 0; part < PARTS; part++) {
      for (int i = 0; i < BlockFormat.VECTORS; i++) {
        asm.op(VPSRLD, length, PART, v(i), part);
        and(PART, PART, everywhere(ONES));
        addPart(i, i);
      }
      store(planeAt(part, 0), SUM);
    }
  }

  /** 32 bytes with two bits for each of four parts. */
  private void twoBitsByPart(int from, int firstPart) {
    gatherWords(from);
    for (int part = 0; part < PARTS / 2; part++) {
      for (int plane = 0; plane < 2; plane++) {
        for (int i = 0; i < BlockFormat.VECTORS / 2; i++) {
          asm.op(VPSRLD, length, PART, v(BlockFormat.VECTORS / 2 * plane + i), 2 * part);
          and(PART, PART, everywhere(THREES));
          addPart(i, 2 * i);
        }
        store(planeAt(firstPart + part, plane), SUM);
      }
    }
  }

  private void gatherWords(int from) {
    for (int i = 0; i < BlockFormat.VECTORS; i++) {
      gather(v(i), from + WORD * i);
    }
  }

  /** The first part makes the sum, further ones are added, moved up by some bits. */
  private void addPart(int index, int bits) {
    if (index == 0) {
      asm.op(VMOVAPS, length, SUM, PART);
    } else {
      asm.op(VPSLLD, length, PART, PART, bits);
      or(SUM, PART);
    }
  }

  // ---- operations that are called otherwise at each level

  private Address everywhere(int word) {
    return isAvx512
        ? asm.constant32(word).toAllLanes()
        : asm.constants32(word, word, word, word, word, word, word, word);
  }

  private void and(Vec to, Vec from, Operand mask) {
    asm.op(isAvx512 ? VPANDD : VPAND, length, to, from, mask);
  }

  private void or(Vec to, Vec other) {
    asm.op(isAvx512 ? VPORD : VPOR, length, to, to, other);
  }

  private void store(int to, Vec vector) {
    asm.op(VMOVUPS_STORE, length, Mem.at(TO, to), vector);
  }
}
