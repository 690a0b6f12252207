package dev.bascule.cpu.asm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every encoding, byte for byte, against an assembler that others wrote. */
class AssemblerAgainstGnuAsTest {
  private static final int CASES_PER_ROW_AND_LENGTH = 60;
  private static final long SEED = 20260101;

  @TempDir Path folder;

  @BeforeAll
  static void needsGnuAs() {
    Assumptions.assumeTrue(GnuAssembler.isInstalled(), "GNU as and objcopy are not installed");
  }

  @Test
  void everyVectorInstructionIsEncodedAsGnuAsEncodesIt() throws Exception {
    Random random = new Random(SEED);
    List<GnuAssembler.Case> cases = new ArrayList<>();
    for (Row row : Row.values()) {
      for (VectorLength length : VectorLength.values()) {
        if (RandomInstruction.exists(row, length)) {
          for (int i = 0; i < CASES_PER_ROW_AND_LENGTH; i++) {
            cases.add(RandomInstruction.of(row, length, random));
          }
        }
      }
    }
    System.out.println(cases.size() + " vector instructions, seed " + SEED);
    assertThat(GnuAssembler.differences(cases, folder)).isEmpty();
  }

  @Test
  void everyIntegerInstructionIsEncodedAsGnuAsEncodesIt() throws Exception {
    Random random = new Random(SEED);
    List<GnuAssembler.Case> cases = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      registers(cases, random);
      memory(cases, random);
      immediates(cases, random);
      masks(cases, random);
    }
    System.out.println(cases.size() + " integer instructions, seed " + SEED);
    assertThat(GnuAssembler.differences(cases, folder)).isEmpty();
  }

  private static void add(List<GnuAssembler.Case> cases, String text, Consumer<Assembler> code) {
    Assembler asm = new Assembler(IsaLevel.AVX512);
    code.accept(asm);
    cases.add(new GnuAssembler.Case(text, asm.finish()));
  }

  private static Gpr gpr(Random random) {
    return Gpr.values()[random.nextInt(16)];
  }

  private static String r64(Gpr gpr) {
    return RandomInstruction.name(gpr, true);
  }

  private static String r32(Gpr gpr) {
    return RandomInstruction.name(gpr, false);
  }

  private static String r16(Gpr gpr) {
    return gpr.ordinal() < 8 ? r64(gpr).substring(1) : r64(gpr) + "w";
  }

  private static String r8(Gpr gpr) {
    String name = r64(gpr).substring(1);
    return gpr.ordinal() < 4
        ? name.charAt(0) + "l"
        : gpr.ordinal() < 8 ? name + "l" : r64(gpr) + "b";
  }

  private static String register(Gpr gpr, Width width) {
    return switch (width) {
      case B8 -> r8(gpr);
      case B16 -> r16(gpr);
      case B32 -> r32(gpr);
      case B64 -> r64(gpr);
    };
  }

  private static String pointer(Width width) {
    return switch (width) {
      case B8 -> "BYTE PTR ";
      case B16 -> "WORD PTR ";
      case B32 -> "DWORD PTR ";
      case B64 -> "QWORD PTR ";
    };
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static final String[] CONDITIONS = {
    "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
  };

  private static void registers(List<GnuAssembler.Case> cases, Random random) {
    Gpr a = gpr(random);
    Gpr b = gpr(random);
    add(cases, "mov " + r64(a) + ", " + r64(b), asm -> asm.mov(a, b));
    add(cases, "mov " + r32(a) + ", " + r32(b), asm -> asm.mov32(a, b));
    add(cases, "movzx " + r32(a) + ", " + r8(b), asm -> asm.movzx(a, Width.B8, b));
    add(cases, "movzx " + r32(a) + ", " + r16(b), asm -> asm.movzx(a, Width.B16, b));
    add(cases, "movsx " + r64(a) + ", " + r8(b), asm -> asm.movsx(a, Width.B8, b));
    add(cases, "movsx " + r64(a) + ", " + r16(b), asm -> asm.movsx(a, Width.B16, b));
    add(cases, "movsxd " + r64(a) + ", " + r32(b), asm -> asm.movsx(a, Width.B32, b));
    Alu alu = Alu.values()[random.nextInt(8)];
    add(cases, lower(alu) + " " + r64(a) + ", " + r64(b), asm -> asm.alu(alu, Width.B64, a, b));
    add(cases, lower(alu) + " " + r32(a) + ", " + r32(b), asm -> asm.alu(alu, Width.B32, a, b));
    add(cases, "test " + r64(a) + ", " + r64(b), asm -> asm.test(a, b));
    add(cases, "imul " + r64(a) + ", " + r64(b), asm -> asm.imul(a, b));
    add(cases, "neg " + r64(a), asm -> asm.neg(a));
    add(cases, "not " + r64(a), asm -> asm.not(a));
    add(cases, "push " + r64(a), asm -> asm.push(a));
    add(cases, "pop " + r64(a), asm -> asm.pop(a));
    add(cases, "call " + r64(a), asm -> asm.call(a));
    add(cases, "jmp " + r64(a), asm -> asm.jmp(a));
    Condition condition = Condition.values()[random.nextInt(16)];
    String suffix = CONDITIONS[condition.ordinal()];
    add(cases, "cmov" + suffix + " " + r64(a) + ", " + r64(b), asm -> asm.cmov(condition, a, b));
    add(cases, "set" + suffix + " " + r8(a), asm -> asm.set(condition, a));
    Shift shift = Shift.values()[random.nextInt(5)];
    int count = random.nextInt(32);
    if (count != 1) {
      String by = ", " + count;
      add(cases, lower(shift) + " " + r64(a) + by, asm -> asm.shift(shift, Width.B64, a, count));
      add(cases, lower(shift) + " " + r32(a) + by, asm -> asm.shift(shift, Width.B32, a, count));
    }
    add(cases, lower(shift) + " " + r64(a) + ", 1", asm -> asm.shift(shift, Width.B64, a, 1));
    add(cases, lower(shift) + " " + r64(a) + ", cl", asm -> asm.shiftByCl(shift, Width.B64, a));
    Gpr c = gpr(random);
    String bzhi = "bzhi " + r64(a) + ", " + r64(b) + ", " + r64(c);
    add(cases, bzhi, asm -> asm.bzhi(Width.B64, a, b, c));
    add(cases, "ret", Assembler::ret);
    add(cases, "vzeroupper", Assembler::vzeroupper);
    add(cases, "cpuid", Assembler::cpuid);
    add(cases, "xgetbv", Assembler::xgetbv);
  }

  private static Mem mem(Random random) {
    int[] displacements = {0, 1, 127, 128, -128, -129, 0x12345678};
    int displacement = displacements[random.nextInt(displacements.length)];
    Gpr index = gpr(random);
    int scale = 1 << random.nextInt(4);
    return index == Gpr.RSP || random.nextBoolean()
        ? Mem.at(gpr(random), displacement)
        : Mem.at(gpr(random), index, scale, displacement);
  }

  private static void memory(List<GnuAssembler.Case> cases, Random random) {
    Gpr a = gpr(random);
    Mem m = mem(random);
    String at = RandomInstruction.place(m);
    add(cases, "mov " + r64(a) + ", " + at, asm -> asm.mov(a, m));
    add(cases, "mov " + r32(a) + ", " + at, asm -> asm.mov32(a, m));
    add(cases, "lea " + r64(a) + ", " + at, asm -> asm.lea(a, m));
    add(cases, "movzx " + r32(a) + ", BYTE PTR " + at, asm -> asm.movzx(a, Width.B8, m));
    add(cases, "movsx " + r64(a) + ", WORD PTR " + at, asm -> asm.movsx(a, Width.B16, m));
    add(cases, "movsxd " + r64(a) + ", DWORD PTR " + at, asm -> asm.movsx(a, Width.B32, m));
    Alu alu = Alu.values()[random.nextInt(8)];
    add(cases, lower(alu) + " " + r64(a) + ", " + at, asm -> asm.alu(alu, Width.B64, a, m));
    add(cases, "imul " + r64(a) + ", " + at, asm -> asm.imul(a, m));
    int big = 1000 + random.nextInt();
    add(cases, "imul " + r64(a) + ", " + at + ", " + big, asm -> asm.imul(a, m, big));
    add(cases, "imul " + r64(a) + ", " + at + ", 24", asm -> asm.imul(a, m, 24));
    add(cases, "cmovb " + r64(a) + ", " + at, asm -> asm.cmov(Condition.BELOW, a, m));
    for (Width width : Width.values()) {
      add(
          cases,
          "mov " + pointer(width) + at + ", " + register(a, width),
          asm -> asm.store(width, m, a));
      int value = random.nextInt(128);
      add(cases, "mov " + pointer(width) + at + ", " + value, asm -> asm.store(width, m, value));
      Mask k = Mask.values()[random.nextInt(8)];
      String suffix = "bwdq".charAt(width.ordinal()) + " ";
      add(cases, "kmov" + suffix + lower(k) + ", " + at, asm -> asm.kmov(width, k, m));
      add(cases, "kmov" + suffix + at + ", " + lower(k), asm -> asm.kmov(width, m, k));
    }
    add(cases, "prefetcht0 " + at, asm -> asm.prefetch(Prefetch.L1, m));
    add(cases, "prefetcht1 " + at, asm -> asm.prefetch(Prefetch.L2, m));
    add(cases, "prefetcht2 " + at, asm -> asm.prefetch(Prefetch.L3, m));
    add(cases, "prefetchnta " + at, asm -> asm.prefetch(Prefetch.NON_TEMPORAL, m));
  }

  private static void immediates(List<GnuAssembler.Case> cases, Random random) {
    Gpr a = gpr(random);
    Gpr b = gpr(random);
    Alu alu = Alu.values()[random.nextInt(8)];
    int[] values = {0, 1, -1, 127, 128, -128, -129, random.nextInt()};
    int value = values[random.nextInt(values.length)];
    String text = lower(alu) + " " + r64(a) + ", " + value;
    add(cases, text, asm -> asm.alu(alu, Width.B64, a, value));
    String text32 = lower(alu) + " " + r32(a) + ", " + value;
    add(cases, text32, asm -> asm.alu(alu, Width.B32, a, value));
    add(cases, "test " + r64(a) + ", " + value, asm -> asm.test(a, value));
    String product = "imul " + r64(a) + ", " + r64(b) + ", " + value;
    add(cases, product, asm -> asm.imul(a, b, value));
    long wide = random.nextLong() | 1L << 40;
    add(cases, "movabs " + r64(a) + ", " + wide, asm -> asm.mov(a, wide));
    int positive = random.nextInt() >>> 1;
    add(cases, "mov " + r32(a) + ", " + positive, asm -> asm.mov(a, positive));
    add(cases, "mov " + r64(a) + ", " + ~positive, asm -> asm.mov(a, ~positive));
  }

  private static void masks(List<GnuAssembler.Case> cases, Random random) {
    Mask a = Mask.values()[random.nextInt(8)];
    Mask b = Mask.values()[random.nextInt(8)];
    Mask c = Mask.values()[random.nextInt(8)];
    Gpr r = gpr(random);
    for (Width width : Width.values()) {
      char suffix = "bwdq".charAt(width.ordinal());
      String gpr = width == Width.B64 ? r64(r) : r32(r);
      add(cases, "kmov" + suffix + " " + lower(a) + ", " + gpr, asm -> asm.kmov(width, a, r));
      add(cases, "kmov" + suffix + " " + gpr + ", " + lower(a), asm -> asm.kmov(width, r, a));
      add(cases, "kmov" + suffix + " " + lower(a) + ", " + lower(b), asm -> asm.kmov(width, a, b));
      for (MaskOp op : MaskOp.values()) {
        String two = lower(op) + suffix + " " + lower(a) + ", " + lower(b);
        if (op.threeOperands) {
          add(cases, two + ", " + lower(c), asm -> asm.mask(op, width, a, b, c));
        } else {
          add(cases, two, asm -> asm.mask(op, width, a, b));
        }
      }
      int lanes = random.nextInt(64);
      String by = suffix + " " + lower(a) + ", " + lower(b) + ", " + lanes;
      add(cases, "kshiftl" + by, asm -> asm.kshift(width, true, a, b, lanes));
      add(cases, "kshiftr" + by, asm -> asm.kshift(width, false, a, b, lanes));
    }
  }
}
