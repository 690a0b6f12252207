package dev.bascule.cpu.asm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * GNU {@code as} as the oracle of encodings: a batch of instructions, each in a slot of 16 bytes.
 */
final class GnuAssembler {
  private static final int SLOT_BYTES = 16;

  /** One instruction as text in Intel syntax and as our bytes. */
  record Case(String text, byte[] ours) {}

  private GnuAssembler() {}

  static boolean isInstalled() {
    return Files.isExecutable(Path.of("/usr/bin/as"))
        && Files.isExecutable(Path.of("/usr/bin/objcopy"));
  }

  /** What differs, in words; empty when every byte agrees. */
  static List<String> differences(List<Case> cases, Path folder)
      throws IOException, InterruptedException {
    StringBuilder source = new StringBuilder(".intel_syntax noprefix\n.text\n");
    for (int i = 0; i < cases.size(); i++) {
      source.append(cases.get(i).text()).append("\n.org ");
      source.append(SLOT_BYTES * (i + 1)).append(", 0\n");
    }
    Path text = folder.resolve("cases.s");
    Path object = folder.resolve("cases.o");
    Path binary = folder.resolve("cases.bin");
    Files.writeString(text, source);
    run("as", "--64", "-o", object.toString(), text.toString());
    run("objcopy", "-O", "binary", "-j", ".text", object.toString(), binary.toString());
    byte[] theirs = Files.readAllBytes(binary);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < cases.size(); i++) {
      byte[] slot = Arrays.copyOfRange(theirs, SLOT_BYTES * i, SLOT_BYTES * (i + 1));
      byte[] ours = Arrays.copyOf(cases.get(i).ours(), SLOT_BYTES);
      if (!Arrays.equals(slot, ours)) {
        HexFormat hex = HexFormat.of();
        differences.add(
            cases.get(i).text() + ": as " + hex.formatHex(slot) + " ours " + hex.formatHex(ours));
      }
    }
    return differences;
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new AssertionError(
          String.join(" ", command) + ":\n" + output.substring(0, Math.min(4000, output.length())));
    }
  }
}
