package dev.bascule.cpu.asm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bytes under construction: grows, remembers references to labels, and ends with the pool of
 * constants.
 */
final class CodeBuffer {
  /** Entry points and pools begin at a cache line, so that a pool entry of 64 bytes is one load. */
  static final int ALIGNMENT = 64;

  private static final int NO_REGISTER = -1;

  /**
   * The 4 bytes at {@code at} hold the distance from {@code end} (the next instruction) to the
   * label.
   */
  private record Reference(int at, int end, Label target) {}

  private byte[] bytes = new byte[1024];
  private int size;
  private final List<Reference> references = new ArrayList<>();
  private final Map<ByteBuffer, Label> pool = new LinkedHashMap<>();

  int size() {
    return size;
  }

  void u8(int value) {
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, size * 2);
    }
    bytes[size++] = (byte) value;
  }

  void u16(int value) {
    u8(value);
    u8(value >> 8);
  }

  void u32(int value) {
    u16(value);
    u16(value >> 16);
  }

  void u64(long value) {
    u32((int) value);
    u32((int) (value >> 32));
  }

  /**
   * Four bytes for the distance to a label, followed by {@code trailing} more bytes of the same
   * instruction.
   */
  void distance(Label target, int trailing) {
    references.add(new Reference(size, size + 4 + trailing, target));
    u32(0);
  }

  Label intern(byte[] constant) {
    return pool.computeIfAbsent(ByteBuffer.wrap(constant.clone()), key -> new Label());
  }

  void modrmRegister(int reg, int rm) {
    u8(0xC0 | (reg & 7) << 3 | (rm & 7));
  }

  /**
   * ModRM, SIB and displacement.
   *
   * @param unit what a displacement of one byte counts: 1, or the bytes an EVEX instruction
   *     accesses (disp8*N)
   * @param trailing bytes of the instruction after the displacement (its immediate)
   */
  void modrmMemory(int reg, Address address, int unit, int trailing) {
    switch (address) {
      case Mem mem -> {
        int index = mem.index() == null ? NO_REGISTER : mem.index().ordinal();
        modrmSib(reg, number(mem.base()), index, mem.scale(), mem.displacement(), unit);
      }
      case Vsib vsib ->
          modrmSib(
              reg,
              vsib.base().ordinal(),
              vsib.index().number(),
              vsib.scale(),
              vsib.displacement(),
              unit);
      case Constant constant -> {
        u8((reg & 7) << 3 | 5);
        distance(constant.label, trailing);
      }
    }
  }

  private static int number(@Nullable Gpr register) {
    return register == null ? NO_REGISTER : register.ordinal();
  }

  private void modrmSib(int reg, int base, int index, int scale, int displacement, int unit) {
    int regField = (reg & 7) << 3;
    int scaleField = Integer.numberOfTrailingZeros(scale) << 6;
    if (base == NO_REGISTER) {
      u8(regField | 4);
      u8(scaleField | (index & 7) << 3 | 5);
      u32(displacement);
      return;
    }
    int scaled = displacement / unit;
    boolean fitsByte = displacement % unit == 0 && scaled >= -128 && scaled <= 127;
    // rbp and r13 as a base without displacement are the encoding of something else.
    int mod = displacement == 0 && (base & 7) != 5 ? 0 : fitsByte ? 1 : 2;
    if (index == NO_REGISTER && (base & 7) != 4) {
      u8(mod << 6 | regField | (base & 7));
    } else {
      u8(mod << 6 | regField | 4);
      u8(index == NO_REGISTER ? 4 << 3 | (base & 7) : scaleField | (index & 7) << 3 | (base & 7));
    }
    if (mod == 1) {
      u8(scaled);
    } else if (mod == 2) {
      u32(displacement);
    }
  }

  /** The code, then the constants (largest alignment first), with every reference resolved. */
  byte[] finish() {
    if (!pool.isEmpty()) {
      pad(ALIGNMENT, 0xCC);
      pool.entrySet().stream()
          .sorted((a, b) -> Integer.compare(b.getKey().remaining(), a.getKey().remaining()))
          .forEach(entry -> place(entry.getKey().array(), entry.getValue()));
      pool.clear();
    }
    for (Reference reference : references) {
      int distance = reference.target().position() - reference.end();
      for (int i = 0; i < 4; i++) {
        bytes[reference.at() + i] = (byte) (distance >> 8 * i);
      }
    }
    return Arrays.copyOf(bytes, size);
  }

  private void place(byte[] constant, Label label) {
    pad(Math.min(ALIGNMENT, Integer.highestOneBit(constant.length)), 0);
    label.bind(size);
    for (byte b : constant) {
      u8(b);
    }
  }

  private void pad(int alignment, int filler) {
    while (size % alignment != 0) {
      u8(filler);
    }
  }
}
