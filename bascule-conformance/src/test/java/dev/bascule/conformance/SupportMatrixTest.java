package dev.bascule.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.bascule.core.DType;
import dev.bascule.core.device.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The committed page says what is so, for every device of this machine. */
class SupportMatrixTest {
  /** Of devices that compile slowly each n-th entry is looked at. */
  private static final int SAMPLE = 40;

  private static String page() throws IOException {
    Path file = SourceTree.repositoryRoot().resolve("docs/support-matrix.md");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  @ParameterizedTest
  @EnumSource(Devices.class)
  void theCommittedPageIsFresh(Devices kind) throws IOException {
    try (Devices.Opened opened = kind.open(2, Map.of())) {
      assumeFalse(opened.devices().isEmpty(), () -> kind + " is absent: " + opened.reason());
      Device device = opened.devices().getFirst();
      String committed = SupportMatrix.sectionOf(page(), kind);
      assumeFalse(committed.isEmpty(), () -> "the page claims nothing of " + kind);
      if (!kind.scope().equals(Conformance.Scope.FULL)) {
        assertThat(staleSample(committed, kind, device)).isEmpty();
      } else {
        assertThat(committed)
            .as("docs/support-matrix.md is stale: make it anew with the mode 'support'")
            .isEqualTo(SupportMatrix.section(kind, device));
      }
    }
  }

  private static List<String> staleSample(String committed, Devices kind, Device device) {
    List<String> rows = committed.lines().filter(line -> line.startsWith("| ")).toList();
    List<String> stale = new ArrayList<>();
    int count = 0;
    for (var op : SupportMatrix.questions().entrySet()) {
      String row =
          rows.stream()
              .filter(line -> line.startsWith("| " + op.getKey() + " |"))
              .findFirst()
              .orElse("");
      if (row.isEmpty()) {
        stale.add(op.getKey() + " has no row");
      }
      for (Map.Entry<DType, Case> question : op.getValue().entrySet()) {
        if (!row.isEmpty() && count++ % SAMPLE == 0) {
          String now = SupportMatrix.support(device, kind, question.getValue()).toString();
          String then = row.split("\\|")[2 + question.getKey().ordinal()].strip();
          if (!now.equals(then)) {
            stale.add(op.getKey() + " " + question.getKey() + " is " + now + ", not " + then);
          }
        }
      }
    }
    return stale;
  }

  @Test
  void sectionsOfAbsentDevicesStayAsTheyAre() {
    String first =
        SupportMatrix.page(
            "", Map.of(Devices.AVX2, "## avx2\n\nold\n", Devices.OPENCL, "## opencl\n\nkept\n"));
    String second = SupportMatrix.page(first, Map.of(Devices.AVX2, "## avx2\n\nnew\n"));
    assertThat(second).contains("new").contains("kept").doesNotContain("old");
  }
}
