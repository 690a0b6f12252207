package dev.bascule.conformance;

import dev.bascule.core.DType;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.LibraryOp;
import dev.bascule.core.graph.Node;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which op runs on which dtype on which device, and how: found by compiling and running a case of
 * each and comparing its bits, never by asking.
 */
public final class SupportMatrix {
  /** How an op runs. */
  public enum Support {
    YES("yes"),
    /** A library op for which the device has no kernel: primitives, fused. */
    DECOMPOSED("dec"),
    /** Portable loops on a device that writes machine code for other dtypes. */
    PORTABLE_PATH("port"),
    /** On the host, between launches. */
    HOST("host"),
    NO("no");

    private final String text;

    Support(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  private static final String HEAD =
      """
      # Support matrix

      Which op runs on which dtype, and how, on each device. Generated from the conformance cases - each entry was
      compiled, run, and gave the bits of the reference - and checked by the tests.

      - `yes`: a kernel of the device (machine code on `avx2` and `avx512`, loops on `portable`, OpenCL C on `opencl`)
      - `dec`: decomposed into primitives, which are fused
      - `port`: portable loops, on a CPU device that has machine code for other dtypes
      - `host`: on the host, because the shape of the result depends on values, or the device has no kernel
      - `no`: not there; empty: the op does not take the dtype

      To make it anew: see *How to add an op* in [CONTRIBUTING](../CONTRIBUTING.md).
      """;

  private SupportMatrix() {}

  /** One case for each op and dtype. */
  static Map<String, Map<DType, Case>> questions() {
    Map<String, Map<DType, Case>> questions = new TreeMap<>();
    for (Case example : Cases.all()) {
      for (String output : example.graph().outputs().keySet()) {
        questions
            .computeIfAbsent(Case.op(output), op -> new EnumMap<>(DType.class))
            .computeIfAbsent(example.dtype(), dtype -> example.only(output));
      }
    }
    return questions;
  }

  /** How {@code device} runs the only output of this case. */
  static Support support(Device device, Devices kind, Case question) {
    try (Engine engine = new Engine(device);
        Plan plan = engine.compile(question.graph());
        Session session = plan.session()) {
      var expected = GraphRunner.reference().compile(question.graph()).run(question.inputs(0));
      var actual = session.run(question.inputs(0));
      for (var output : expected.entrySet()) {
        var got = actual.get(output.getKey());
        if (got == null || Difference.of(output.getValue(), got).isPresent()) {
          return Support.NO;
        }
      }
      if (hasLibraryOp(question.graph()) && !hasLibraryOp(plan.graph())) {
        return Support.DECOMPOSED;
      }
      if (plan.explain().contains(" host: ")) {
        return Support.HOST;
      }
      boolean portable = plan.explain().contains("portable loops");
      return portable && kind != Devices.PORTABLE ? Support.PORTABLE_PATH : Support.YES;
    } catch (RuntimeException refused) {
      return Support.NO;
    }
  }

  private static boolean hasLibraryOp(Graph graph) {
    return graph.nodes().stream().map(Node::op).anyMatch(op -> op instanceof LibraryOp);
  }

  /** The section of one device. */
  static String section(Devices kind, Device device) {
    StringBuilder text = new StringBuilder("## " + kind + "\n\n| op |");
    for (DType dtype : DType.values()) {
      text.append(' ').append(dtype).append(" |");
    }
    text.append("\n|---|").append("---|".repeat(DType.values().length)).append('\n');
    questions()
        .forEach((op, byType) -> {
          text.append("| ").append(op).append(" |");
          for (DType dtype : DType.values()) {
            Case question = byType.get(dtype);
            String cell = question == null ? "" : support(device, kind, question).toString();
            text.append(cell.isEmpty() ? " |" : " " + cell + " |");
          }
          text.append('\n');
        });
    return text.toString();
  }

  /** The page with the given sections replaced; those of absent devices stay as they are. */
  static String page(String before, Map<Devices, String> sections) {
    Map<String, String> all = new LinkedHashMap<>();
    for (Devices kind : Devices.values()) {
      String fresh = sections.get(kind);
      String kept = sectionOf(before, kind);
      String text = fresh != null ? fresh : kept;
      if (!text.isEmpty()) {
        all.put(kind.toString(), text);
      }
    }
    return HEAD + all.values().stream().map(text -> "\n" + text).collect(Collectors.joining());
  }

  /** The committed section of a device; empty where there is none. */
  static String sectionOf(String page, Devices kind) {
    List<String> lines = new ArrayList<>();
    boolean inside = false;
    for (String line : page.lines().toList()) {
      if (line.startsWith("## ")) {
        inside = line.equals("## " + kind);
      }
      if (inside) {
        lines.add(line);
      }
    }
    while (!lines.isEmpty() && lines.getLast().isBlank()) {
      lines.removeLast();
    }
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }
}
