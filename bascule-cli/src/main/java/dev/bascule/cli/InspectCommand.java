package dev.bascule.cli;

import dev.bascule.core.device.Device;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import dev.bascule.llm.LanguageModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule inspect}: what a model's file or folder holds, without loading it. */
@Command(
    name = "inspect",
    description = {
      "Says what a model holds and what memory it needs.",
      "It loads no weights. It takes a GGUF (of a split one any part), a safetensors file or its index,",
      "or a model's folder."
    },
    sortOptions = false)
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "the file or the folder")
  private @Nullable Path path;

  @Option(names = "--tensors", description = "list every tensor")
  private boolean listTensors;

  @Mixin private ModelOptions options = new ModelOptions();

  private final Main main;
  private final Console console;

  InspectCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  /** What tensors of one type take together. */
  private record TypeTotal(String type, int tensors, long elements, long bytes) {
    private TypeTotal plus(StoredTensor tensor) {
      return new TypeTotal(
          type, tensors + 1, elements + tensor.elements(), bytes + tensor.byteSize());
    }
  }

  @Override
  public Integer call() {
    if (path == null) {
      throw new RequestException("inspect: give a model's file or folder");
    }
    LanguageModel.Settings settings = options.settings();
    try (TensorFile model = ModelPath.open(path)) {
      ModelDescription description = ModelDescription.of(model);
      List<TypeTotal> types = types(model);
      Memory memory = memory(path, model, settings);
      if (main.json()) {
        console.out().println(json(description, types, model, memory));
      } else {
        print(description, types, model, memory);
      }
    }
    return ExitCodes.DONE;
  }

  /** What generating would take, or why that is not known. */
  private sealed interface Memory {
    record Known(MemoryNeed need) implements Memory {}

    record Unknown(String reason) implements Memory {}
  }

  private Memory memory(Path at, TensorFile model, LanguageModel.Settings settings) {
    if (!(model instanceof GgufFile || model instanceof HuggingFaceFolder)) {
      return new Memory.Unknown(
          "tensors alone do not say how they are used; inspect the model's folder");
    }
    try (Device device = main.openDevice()) {
      return new Memory.Known(MemoryNeed.of(at, device, settings));
    } catch (FormatException e) {
      return new Memory.Unknown(String.valueOf(e.getMessage()));
    }
  }

  /** Types by the bytes that they take, most first. */
  private static List<TypeTotal> types(TensorFile model) {
    Map<String, TypeTotal> types = new LinkedHashMap<>();
    for (StoredTensor tensor : model.tensors().values()) {
      String type = tensor.type().toString();
      types.put(type, types.getOrDefault(type, new TypeTotal(type, 0, 0, 0)).plus(tensor));
    }
    List<TypeTotal> sorted = new ArrayList<>(types.values());
    sorted.sort((a, b) -> Long.compare(b.bytes(), a.bytes()));
    return sorted;
  }

  private static long elements(List<TypeTotal> types) {
    return types.stream().mapToLong(TypeTotal::elements).sum();
  }

  private void print(
      ModelDescription description, List<TypeTotal> types, TensorFile model, Memory memory) {
    PrintWriter out = console.out();
    line("format", description.format());
    description.architecture().ifPresent(name -> line("architecture", name));
    line("elements", Text.format("%,d", elements(types)));
    line("tensors", Text.format("%d, %s", model.tensors().size(), Text.bytes(model.tensorBytes())));
    for (TypeTotal type : types) {
      String count = Text.count(type.tensors(), "tensor");
      out.println(
          Text.format(
              "  %-10s %-12s %s, %.4g bits each",
              type.type(),
              count,
              Text.bytes(type.bytes()),
              8.0 * type.bytes() / Math.max(1, type.elements())));
    }
    switch (memory) {
      case Memory.Known known -> known.need().lines().forEach(this::line);
      case Memory.Unknown unknown -> line("memory", "not known: " + unknown.reason());
    }
    line("metadata", description.metadata().isEmpty() ? "none" : "");
    description
        .metadata()
        .forEach((key, value) -> out.println("  " + Text.plain(key) + " = " + value));
    if (listTensors) {
      line("every tensor", "");
      for (StoredTensor tensor : model.tensors().values()) {
        out.println(
            Text.format(
                "  %-10s %-20s %10s  %s",
                tensor.type(),
                tensor.dims(),
                Text.bytes(tensor.byteSize()),
                Text.plain(tensor.name())));
      }
    }
  }

  private void line(String name, String value) {
    console.out().println(Text.format("%-13s %s", name, value).stripTrailing());
  }

  private String json(
      ModelDescription description, List<TypeTotal> types, TensorFile model, Memory memory) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("path", model.path().toString());
    json.put("format", description.format());
    description.architecture().ifPresent(name -> json.put("architecture", name));
    json.put("elements", elements(types));
    json.put("bytes", model.tensorBytes());
    json.put("tensorCount", model.tensors().size());
    List<Map<String, Object>> totals = new ArrayList<>();
    for (TypeTotal type : types) {
      Map<String, Object> total = new LinkedHashMap<>();
      total.put("type", type.type());
      total.put("tensors", type.tensors());
      total.put("elements", type.elements());
      total.put("bytes", type.bytes());
      totals.add(total);
    }
    json.put("types", totals);
    switch (memory) {
      case Memory.Known known -> json.put("memory", known.need().json());
      case Memory.Unknown unknown -> json.put("memoryUnknown", unknown.reason());
    }
    json.put("metadata", description.metadata());
    if (listTensors) {
      List<Map<String, Object>> tensors = new ArrayList<>();
      for (StoredTensor tensor : model.tensors().values()) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("name", tensor.name());
        one.put("type", tensor.type().toString());
        one.put("shape", tensor.dims());
        one.put("bytes", tensor.byteSize());
        tensors.add(one);
      }
      json.put("tensors", tensors);
    }
    return JsonText.of(json);
  }
}
