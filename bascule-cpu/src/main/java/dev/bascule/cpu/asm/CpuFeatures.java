package dev.bascule.cpu.asm;

import static dev.bascule.cpu.asm.Gpr.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What this processor and its operating system offer, asked with CPUID and XGETBV.
 *
 * @param model the processor's name for itself; empty if it gives none
 * @param level the highest level that can be used
 * @param bf16 whether AVX-512 BF16 is there
 */
public record CpuFeatures(String model, IsaLevel level, boolean bf16) {
  /** leaf, subleaf, then eax, ebx, ecx, edx. */
  private static final int QUERY_BYTES = 24;

  private static final int EXTENDED = 0x8000_0000;
  private static final int MODEL_FIRST = 0x8000_0002;
  private static final int MODEL_LEAVES = 3;

  /** State that the operating system saves: xmm and ymm; with opmasks and zmm. */
  private static final int YMM_STATE = 0x06;

  private static final int ZMM_STATE = 0xE6;

  private static final int LEAF1_FMA = 1 << 12;
  private static final int LEAF1_OSXSAVE = 1 << 27;
  private static final int LEAF1_AVX = 1 << 28;
  private static final int LEAF1_F16C = 1 << 29;
  private static final int LEAF7_BMI1_AVX2_BMI2 = 1 << 3 | 1 << 5 | 1 << 8;
  private static final int LEAF7_AVX512_F_DQ_BW_VL = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31;
  private static final int LEAF7_ECX_VNNI = 1 << 11;
  private static final int LEAF7_1_EAX_BF16 = 1 << 5;

  /** Whether machine code for x86-64 with the System V calling convention can run here at all. */
  public static boolean isEmittable() {
    String architecture = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    return system.equals("linux")
        && (architecture.equals("amd64") || architecture.equals("x86_64"));
  }

  /**
   * Asks the processor.
   *
   * @throws CodeMemoryException when the host forbids executable memory
   */
  public static CpuFeatures detect() {
    if (!isEmittable()) {
      return new CpuFeatures("", IsaLevel.PORTABLE, false);
    }
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED);
        Arena arena = Arena.ofConfined()) {
      MemorySegment ask = memory.install(cpuidOnce());
      int maxLeaf = ask(arena, ask, 0, 0)[0];
      int[] leaf1 = ask(arena, ask, 1, 0);
      if (maxLeaf < 7 || (leaf1[2] & LEAF1_OSXSAVE) == 0) {
        return new CpuFeatures(model(arena, ask), IsaLevel.PORTABLE, false);
      }
      MemorySegment state = arena.allocate(8);
      MachineCode.run(memory.install(xgetbv()), state.address(), 0, 0);
      int saved = state.get(ValueLayout.JAVA_INT, 0);
      int[] leaf7 = ask(arena, ask, 7, 0);
      IsaLevel level = level(leaf1, leaf7, saved);
      boolean bf16 =
          level == IsaLevel.AVX512
              && leaf7[0] >= 1
              && (ask(arena, ask, 7, 1)[0] & LEAF7_1_EAX_BF16) != 0;
      return new CpuFeatures(model(arena, ask), level, bf16);
    }
  }

  private static IsaLevel level(int[] leaf1, int[] leaf7, int savedState) {
    int need1 = LEAF1_FMA | LEAF1_AVX | LEAF1_F16C;
    boolean avx2 =
        has(leaf1[2], need1) && has(leaf7[1], LEAF7_BMI1_AVX2_BMI2) && has(savedState, YMM_STATE);
    boolean avx512 =
        has(leaf7[1], LEAF7_AVX512_F_DQ_BW_VL)
            && has(leaf7[2], LEAF7_ECX_VNNI)
            && has(savedState, ZMM_STATE);
    return !avx2 ? IsaLevel.PORTABLE : avx512 ? IsaLevel.AVX512 : IsaLevel.AVX2;
  }

  private static boolean has(int bits, int needed) {
    return (bits & needed) == needed;
  }

  private static String model(Arena arena, MemorySegment ask) {
    if (Integer.compareUnsigned(ask(arena, ask, EXTENDED, 0)[0], MODEL_FIRST + 2) < 0) {
      return "";
    }
    MemorySegment text = arena.allocate(16 * MODEL_LEAVES + 1, 4);
    for (int leaf = 0; leaf < MODEL_LEAVES; leaf++) {
      int[] registers = ask(arena, ask, MODEL_FIRST + leaf, 0);
      MemorySegment.copy(registers, 0, text, ValueLayout.JAVA_INT, 16L * leaf, 4);
    }
    return text.getString(0, StandardCharsets.US_ASCII).strip();
  }

  private static int[] ask(Arena arena, MemorySegment code, int leaf, int subleaf) {
    MemorySegment query = arena.allocate(QUERY_BYTES, 8);
    query.set(ValueLayout.JAVA_INT, 0, leaf);
    query.set(ValueLayout.JAVA_INT, 4, subleaf);
    MachineCode.run(code, query.address(), 0, 1);
    return query.asSlice(8).toArray(ValueLayout.JAVA_INT);
  }

  private static byte[] cpuidOnce() {
    Assembler asm = new Assembler(IsaLevel.PORTABLE);
    asm.push(RBX);
    asm.mov32(RAX, Mem.at(RDI));
    asm.mov32(RCX, Mem.at(RDI, 4));
    asm.cpuid();
    asm.store(Width.B32, Mem.at(RDI, 8), RAX);
    asm.store(Width.B32, Mem.at(RDI, 12), RBX);
    asm.store(Width.B32, Mem.at(RDI, 16), RCX);
    asm.store(Width.B32, Mem.at(RDI, 20), RDX);
    asm.pop(RBX);
    asm.ret();
    return asm.finish();
  }

  private static byte[] xgetbv() {
    Assembler asm = new Assembler(IsaLevel.PORTABLE);
    asm.zero(RCX);
    asm.xgetbv();
    asm.store(Width.B32, Mem.at(RDI), RAX);
    asm.ret();
    return asm.finish();
  }
}
