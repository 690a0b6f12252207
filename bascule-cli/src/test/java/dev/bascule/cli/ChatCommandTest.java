package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that tells stories, with a template that asks for one. */
class ChatCommandTest {
  @TempDir private static Path folder;

  private static Path model() {
    return folder.resolve("chat.gguf");
  }

  @BeforeAll
  static void giveTheModelATemplate() throws IOException {
    String root = System.getenv("BASCULE_ORACLES");
    Path oracles = root == null ? Path.of("..", "..", "shared", "oracles") : Path.of(root);
    Path stories = oracles.resolve("stories260K").resolve("stories260K-F32.gguf");
    assumeTrue(Files.exists(stories), () -> stories + " is not there; set BASCULE_ORACLES");
    try (GgufFile file = GgufFile.open(stories);
        Arena arena = Arena.ofConfined()) {
      List<OutgoingTensor> tensors = new ArrayList<>();
      for (StoredTensor tensor : file.tensors().values()) {
        MemorySegment bytes = arena.allocate(tensor.byteSize(), 64);
        tensor.copyTo(bytes);
        tensors.add(OutgoingTensor.of(tensor.name(), tensor.type(), tensor.dims(), bytes));
      }
      String template = "{% for m in messages %}{{ m.content }} {% endfor %}";
      GgufWriter.write(
          model(),
          file.metadata().with("tokenizer.chat_template", GgufValue.of(template)),
          tensors);
    }
  }

  private static CommandLineRun chat(String input, String... more) {
    List<String> arguments = new ArrayList<>(List.of("chat", model().toString()));
    arguments.addAll(List.of(more));
    return CommandLineRun.withInput(input, arguments.toArray(String[]::new));
  }

  @Test
  void eachLineIsAnsweredUntilTheEnd() {
    CommandLineRun run = chat("Once upon a time\n\nThe end\n/exit\nnever", "--max-tokens", "9");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out().lines()).hasSize(2);
    assertThat(run.err().lines().filter(line -> line.contains("ended by"))).hasSize(2);
  }

  @Test
  void aMessageThatDoesNotFitIsSaidAndTheConversationGoesOn() {
    String tooLong = "once upon a time ".repeat(20);
    CommandLineRun run = chat(tooLong + "\nOnce upon\n", "--context", "32", "--max-tokens", "4");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err()).contains("does not fit any more", "4 written");
  }
}
