package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a network: Maven is a script that copies a jar, or fails. */
class FetchCommandTest {
  @TempDir private Path folder;

  private Path model() {
    return folder.resolve("models/minilm");
  }

  private CommandLineRun fetch(Map<String, String> environment) {
    return CommandLineRun.run("", environment, "fetch", "minilm", "--to", model().toString());
  }

  private Map<String, String> mavenThat(String script) throws IOException {
    Path maven = Files.createDirectories(folder.resolve("bin")).resolve("mvn");
    Files.writeString(maven, "#!/bin/sh\n" + script + "\n");
    assertThat(maven.toFile().setExecutable(true)).isTrue();
    return Map.of("PATH", maven.getParent() + ":/usr/bin:/bin");
  }

  private Map<String, String> mavenThatCopies() throws IOException {
    Path jar = folder.resolve("artifact.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (String name : new String[] {"a.onnx", "a-tokenizer.json", "A.class"}) {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(name.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    }
    return mavenThat("cp '" + jar + "' ./" + ModelArtifact.MINILM.jar());
  }

  private long leftovers() throws IOException {
    if (!Files.exists(model().getParent())) {
      return 0;
    }
    try (Stream<Path> files = Files.list(model().getParent())) {
      return files.filter(file -> file.getFileName().toString().endsWith(".partial")).count();
    }
  }

  @Test
  void aModelBecomesAFolderOnce() throws IOException {
    Map<String, String> environment = mavenThatCopies();
    CommandLineRun first = fetch(environment);
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(model().resolve("model.onnx")).hasContent("a.onnx");
    assertThat(model().resolve("tokenizer.json")).hasContent("a-tokenizer.json");
    assertThat(model().resolve("1_Pooling/config.json")).exists();
    assertThat(leftovers()).isZero();
    CommandLineRun second = fetch(mavenThat("exit 1"));
    assertThat(second.code()).isZero();
    assertThat(second.out()).contains("is there already");
  }

  @Test
  void whatMavenSaysIsPassedOnAndNothingIsLeft() throws IOException {
    CommandLineRun run = fetch(mavenThat("echo '[ERROR] no route to host'; exit 1"));
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("no route to host", "Is the network there");
    assertThat(model()).doesNotExist();
    assertThat(leftovers()).isZero();
  }

  @Test
  void whatAKilledFetchLeftGoesWithTheNext() throws IOException {
    Path left = folder.resolve("models/.minilm.00ff.partial");
    Files.createDirectories(left.resolve("model"));
    Files.writeString(left.resolve("lock"), "");
    Files.writeString(left.resolve("model/model.onnx"), "half");
    CommandLineRun run = fetch(mavenThatCopies());
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(leftovers()).isZero();
    assertThat(model().resolve("model.onnx")).hasContent("a.onnx");
  }

  @Test
  void withoutMavenTheUserIsTold() {
    CommandLineRun run = fetch(Map.of("PATH", folder.toString()));
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("Maven is needed");
  }

  @Test
  void anUnknownModelIsRefusedWithThoseThereAre() {
    CommandLineRun run = CommandLineRun.of("fetch", "gigantic");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("'gigantic'", "minilm, minilm-q, bge-small-en, bge-small-zh");
  }

  @Test
  void aFolderOfSomethingElseIsLeftAlone() throws IOException {
    Files.createDirectories(model());
    Files.writeString(model().resolve("thesis.txt"), "years of work");
    CommandLineRun run = fetch(mavenThatCopies());
    assertThat(run.code()).isEqualTo(2);
    assertThat(model().resolve("thesis.txt")).hasContent("years of work");
  }
}
