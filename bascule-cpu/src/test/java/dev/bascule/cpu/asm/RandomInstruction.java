package dev.bascule.cpu.asm;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/** A random legal instruction of a row: as our bytes, and as the text that GNU {@code as} reads. */
final class RandomInstruction {
  /** Conversions whose result is half as wide as the vector length. */
  private static final Set<Row> NARROWING =
      EnumSet.of(
          Row.VCVTPD2PS,
          Row.VCVTPD2DQ,
          Row.VCVTTPD2DQ,
          Row.VCVTQQ2PS,
          Row.VCVTUQQ2PS,
          Row.VCVTPD2UDQ,
          Row.VCVTTPD2UDQ,
          Row.VCVTNEPS2BF16);

  /** EVEX instructions that take no mask. */
  private static final Set<Row> UNMASKED =
      EnumSet.of(
          Row.VMOVNTPS,
          Row.VMOVHLPS,
          Row.VMOVLHPS,
          Row.VUCOMISS,
          Row.VUCOMISD,
          Row.VINSERTPS,
          Row.VPSLLDQ,
          Row.VPSRLDQ,
          Row.VPSADBW);

  private static final int[] EDGES = {0, 1, -1, 127, 128, -128, -129, 126};

  private final Row row;
  private final VectorLength length;
  private final Random random;
  private final int registers;
  private final boolean isIndexed;

  private RandomInstruction(Row row, VectorLength length, Random random) {
    this.row = row;
    this.length = length;
    this.random = random;
    boolean evex = row.hasEvex() && (!row.hasVex() || random.nextBoolean());
    this.registers = evex ? 32 : 16;
    this.isIndexed = row.name().contains("GATHER") || row.name().contains("SCATTER");
  }

  static boolean exists(Row row, VectorLength length) {
    return row.lengths.allows(length) && (row.hasEvex() || length != VectorLength.V512);
  }

  static GnuAssembler.Case of(Row row, VectorLength length, Random random) {
    return new RandomInstruction(row, length, random).build();
  }

  private GnuAssembler.Case build() {
    Form form = row.form;
    boolean evex = registers == 32;
    List<Vec> distinct = distinct();
    Operand reg = form.isShift() ? distinct.get(0) : register(form.reg, distinct.get(0));
    Operand rm = isIndexed ? vsib(distinct.get(1)) : rm(distinct.get(1), evex);
    Masking masking = masking(evex, form.rmIsDestination && rm instanceof Address);
    int immediate = form.immediate && form != Form.RVMR ? random.nextInt(256) : 0;
    Vec first = distinct.get(2);
    Vec selector = new Vec(random.nextInt(16));
    Assembler asm = new Assembler(IsaLevel.AVX512);
    Operand destination = form.rmIsDestination ? rm : reg;
    Operand source = form.rmIsDestination ? reg : rm;
    boolean three = form.vvvv && !form.isShift();
    if (form == Form.RVMR) {
      asm.blendv(row, length, (Vec) destination, first, source, selector);
    } else if (three) {
      asm.op(row, length, destination, first, source, masking, immediate);
    } else {
      asm.op(row, length, destination, source, masking, immediate);
    }
    List<String> text = new ArrayList<>();
    text.add(text(destination, form.rmIsDestination) + decoration(masking));
    String firstText = three ? vector(first, isIndexed ? regBytes() : length.bytes()) : "";
    if (three && !(isIndexed && !form.rmIsDestination)) {
      text.add(firstText);
    }
    text.add(text(source, !form.rmIsDestination));
    if (three && isIndexed) {
      text.add(firstText);
    }
    if (form == Form.RVMR) {
      text.add(vector(selector, length.bytes()));
    } else if (form.immediate) {
      text.add(Integer.toString(immediate));
    }
    // Between two registers a move has two encodings; ours is that of the load.
    String hint = row.mnemonic().startsWith("vmov") ? "{load} " : "";
    return new GnuAssembler.Case(
        hint + row.mnemonic() + " " + String.join(", ", text), asm.finish());
  }

  /** Three different registers: gathers demand it, others do not mind. */
  private List<Vec> distinct() {
    return random.ints(0, registers).distinct().limit(3).mapToObj(Vec::new).toList();
  }

  private Operand register(Form.Kind kind, Vec vec) {
    return switch (kind) {
      case VEC -> vec;
      case GPR -> gpr();
      case MASK -> Mask.values()[random.nextInt(8)];
      case NONE -> throw new AssertionError(row);
    };
  }

  private Gpr gpr() {
    return Gpr.values()[random.nextInt(16)];
  }

  private Operand rm(Vec vec, boolean evex) {
    Form form = row.form;
    if (form.rm != Form.Kind.NONE && (!form.memory || random.nextBoolean())) {
      return register(form.rm, vec);
    }
    boolean broadcast = evex && row.tuple.canBroadcast() && random.nextBoolean();
    Mem mem = mem(row.tuple.memoryBytes(length, broadcast));
    return broadcast ? mem.toAllLanes() : mem;
  }

  private Mem mem(int unit) {
    int displacement = displacement(unit);
    Gpr index = gpr();
    int scale = 1 << random.nextInt(4);
    if (random.nextInt(8) == 0 && index != Gpr.RSP) {
      return Mem.scaled(index, scale == 1 ? 2 : scale, displacement);
    }
    return index == Gpr.RSP || random.nextBoolean()
        ? Mem.at(gpr(), displacement)
        : Mem.at(gpr(), index, scale, displacement);
  }

  private int displacement(int unit) {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> random.nextInt();
      case 2 -> EDGES[random.nextInt(EDGES.length)];
      default -> EDGES[random.nextInt(EDGES.length)] * unit;
    };
  }

  private Vsib vsib(Vec index) {
    int unit = row.tuple.memoryBytes(length, false);
    return new Vsib(gpr(), index, 1 << random.nextInt(4), displacement(unit));
  }

  private Masking masking(boolean evex, boolean toMemory) {
    Mask mask = Mask.values()[1 + random.nextInt(7)];
    if (isIndexed) {
      return row.hasEvex() ? Masking.merge(mask) : Masking.NONE;
    }
    boolean gpr = row.form.reg == Form.Kind.GPR || row.form.rm == Form.Kind.GPR;
    boolean unmasked =
        gpr && row.form != Form.RG
            || row.mnemonic().equals("vmovq")
            || row.form == Form.KV
            || row.form == Form.RK
            || UNMASKED.contains(row);
    if (!evex || unmasked || random.nextBoolean()) {
      return Masking.NONE;
    }
    boolean zeroing = !toMemory && row.form.reg != Form.Kind.MASK && random.nextBoolean();
    return zeroing ? Masking.zero(mask) : Masking.merge(mask);
  }

  private static String decoration(Masking masking) {
    return masking.mask() == Mask.K0
        ? ""
        : "{"
            + masking.mask().name().toLowerCase(Locale.ROOT)
            + "}"
            + (masking.zeroing() ? "{z}" : "");
  }

  private String text(Operand operand, boolean isRm) {
    return switch (operand) {
      case Vec vec -> vector(vec, isRm && !row.form.isShift() ? rmBytes() : regBytes());
      case Gpr gpr -> name(gpr, isRm ? row.tuple == Tuple.S8 : row.name().endsWith("_64"));
      case Mask mask -> mask.name().toLowerCase(Locale.ROOT);
      case Mem mem -> memory(mem);
      case Vsib vsib -> vsibText(vsib);
      case Constant constant -> throw new AssertionError(constant);
    };
  }

  private int rmBytes() {
    return row.tuple.memoryBytes(length, false);
  }

  private int regBytes() {
    boolean half = NARROWING.contains(row) || (isIndexed && row.mnemonic().matches(".*(qps|qd)"));
    return half ? length.bytes() / 2 : length.bytes();
  }

  private static String vector(Vec vec, int bytes) {
    return (bytes <= 16 ? "xmm" : bytes == 32 ? "ymm" : "zmm") + vec.number();
  }

  static String name(Gpr gpr, boolean wide) {
    String name = gpr.name().toLowerCase(Locale.ROOT);
    return wide ? name : gpr.ordinal() < 8 ? "e" + name.substring(1) : name + "d";
  }

  private String memory(Mem mem) {
    int bytes = row.tuple.memoryBytes(length, mem.broadcast());
    String size =
        switch (bytes) {
          case 1 -> "BYTE";
          case 2 -> "WORD";
          case 4 -> "DWORD";
          case 8 -> "QWORD";
          case 16 -> "XMMWORD";
          case 32 -> "YMMWORD";
          default -> "ZMMWORD";
        };
    int lanes = row.tuple == Tuple.HALF4 ? length.bytes() / 8 : length.bytes() / bytes;
    return size + " PTR " + place(mem) + (mem.broadcast() ? "{1to" + lanes + "}" : "");
  }

  static String place(Mem mem) {
    List<String> terms = new ArrayList<>();
    if (mem.base() != null) {
      terms.add(name(mem.base(), true));
    }
    if (mem.index() != null) {
      terms.add(name(mem.index(), true) + "*" + mem.scale());
    }
    return "[" + String.join("+", terms) + offset(mem.displacement()) + "]";
  }

  private static String offset(int displacement) {
    return displacement == 0 ? "" : displacement > 0 ? "+" + displacement : "" + displacement;
  }

  private String vsibText(Vsib vsib) {
    boolean halfIndex = row.mnemonic().matches(".*(dpd|dq)");
    String index = vector(vsib.index(), halfIndex ? length.bytes() / 2 : length.bytes());
    return "["
        + name(vsib.base(), true)
        + "+"
        + index
        + "*"
        + vsib.scale()
        + offset(vsib.displacement())
        + "]";
  }
}
