package dev.bascule.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  private static final int BYTES = 3_000_000;

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("result.bin");
  }

  /** A process that writes the file of its argument, after {@code before} in its shell. */
  private ProcessBuilder writer(String before, Class<?> main) {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", before + "exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.add(file().toString());
    return new ProcessBuilder(command).redirectErrorStream(true);
  }

  private String[] names() {
    return folder.toFile().list();
  }

  /** Writes the file and prints what came of it. */
  static final class Writing {
    public static void main(String[] arguments) {
      try {
        AtomicFile.write(Path.of(arguments[0]), new byte[BYTES]);
        System.out.print("written");
      } catch (UnwritableException e) {
        System.out.print(e.getMessage());
      }
    }
  }

  /** Begins the file and comes to no end. */
  static final class Endless {
    public static void main(String[] arguments) throws IOException, InterruptedException {
      try (AtomicFile file = AtomicFile.create(Path.of(arguments[0]), 0)) {
        file.write(new byte[BYTES]);
        System.out.write('w');
        System.out.flush();
        Thread.sleep(60_000);
      }
    }
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void whenThereIsNoRoomTheOldFileStaysAndTheUserIsToldWhatIsNeeded() throws Exception {
    Files.writeString(file(), "the old one");
    // a limit of 100 kB for each file stands for a disk that is full
    Process process = writer("ulimit -f 100; ", Writing.class).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said)
        .startsWith("writing " + file() + ": ")
        .contains("(needed: 3,000,000 bytes, free: ", "free some space, or name another place")
        .endsWith("nothing is left of what was written, and what was there before is as it was");
    assertThat(file()).hasContent("the old one");
    assertThat(names()).containsExactly("result.bin");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void whatAKilledProcessLeftGoesWithTheNextAndWhatALivingOneWritesStays() throws Exception {
    Process killed = writer("", Endless.class).start();
    assertThat(killed.getInputStream().read()).isEqualTo('w');
    killed.destroyForcibly().waitFor();
    assertThat(names()).hasSize(1);
    Process living = writer("", Endless.class).start();
    assertThat(living.getInputStream().read()).isEqualTo('w');
    assertThat(names()).as("the killed one's file is gone").hasSize(1);
    AtomicFile.write(file(), "whole");
    assertThat(names()).hasSize(2);
    assertThat(file()).hasContent("whole");
    // a signal that asks for the end leaves nothing
    living.destroy();
    living.waitFor();
    assertThat(names()).containsExactly("result.bin");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDeviceIsWrittenToAndNotReplaced() throws IOException {
    Path link = Files.createSymbolicLink(file(), Path.of("/dev/full"));
    assertThatThrownBy(() -> AtomicFile.write(link, "text"))
        .isInstanceOf(UnwritableException.class)
        .hasMessageStartingWith("writing " + link + ": ")
        .hasMessageContaining("needed: 4 bytes");
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(Files.isRegularFile(Path.of("/dev/full"))).isFalse();
    AtomicFile.write(Path.of("/dev/null"), "text");
    assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
    assertThat(names()).containsExactly("result.bin");
  }

  @Test
  void whatCannotBeBegunSaysWhy() {
    assertThatThrownBy(() -> AtomicFile.create(folder, 0))
        .isInstanceOf(UnwritableException.class)
        .hasMessageContaining("it is a folder");
    assertThatThrownBy(() -> AtomicFile.create(folder.resolve("no/file"), 0))
        .isInstanceOf(UnwritableException.class)
        .hasMessageContaining("there is no such folder");
  }

  @Test
  void bytesOfAllSizesArriveInOrder() throws IOException {
    byte[] large = new byte[BYTES];
    large[BYTES - 1] = 7;
    try (AtomicFile file = AtomicFile.create(file(), 0)) {
      file.writeNumber(0x0102, 2);
      file.write(MemorySegment.ofArray(large));
      file.align(1 << 20);
      assertThat(file.position()).isEqualTo(3 << 20);
      file.finish();
      assertThat(file()).as("before it is committed").doesNotExist();
      assertThatThrownBy(() -> file.write(new byte[1])).isInstanceOf(IllegalStateException.class);
      file.commit();
    }
    assertThat(file()).hasSize(3 << 20);
    assertThat(Files.readAllBytes(file())).startsWith(2, 1, 0);
    assertThat(Files.readAllBytes(file())[BYTES + 1]).isEqualTo((byte) 7);
    AtomicFile.write(file(), new ByteArrayInputStream(large), 0);
    assertThat(file()).hasBinaryContent(large);
    assertThat(names()).containsExactly("result.bin");
  }
}
