package dev.bascule.cli;

import dev.bascule.certify.Certificate;
import dev.bascule.certify.Certifier;
import dev.bascule.certify.DecoderSubject;
import dev.bascule.certify.OnnxSubject;
import dev.bascule.certify.Place;
import dev.bascule.certify.Subject;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.formats.TensorFile;
import dev.bascule.formats.importer.ImportOptions;
import dev.bascule.formats.importer.OnnxImporter;
import dev.bascule.formats.importer.OnnxTestCase;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.models.CacheType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Carries out one request to certify: opens models and devices. */
final class CertifyRun {
  private final CertifyRequest request;
  private final Console console;
  private final Set<String> said = new HashSet<>();

  CertifyRun(CertifyRequest request, Console console) {
    this.request = request;
    this.console = console;
  }

  Certificate run() {
    // a long run does not end in a name that was wrong from the start
    for (String name : request.on()) {
      Devices.open(name, new DeviceOptions(request.threads(), request.settings())).close();
    }
    if (isOnnx(request.model())) {
      return onnx();
    }
    List<CacheType> caches = request.numbers().caches();
    try (Subject first = decoder(request.model(), caches.get(0))) {
      if (request.against().isEmpty() && request.numbers().isOneCache()) {
        return certify(first, first);
      }
      String other = request.against().orElse(request.model());
      try (Subject second = decoder(other, caches.get(1))) {
        return certify(first, second);
      }
    }
  }

  static boolean isOnnx(String model) {
    return model.endsWith(".onnx");
  }

  private Subject decoder(String model, CacheType cache) {
    if (!(request.inputs() instanceof CertifyRequest.Inputs.Ids ids)) {
      throw new RequestException("certify: a language model reads tokens: --text, --ids, --random");
    }
    return DecoderSubject.open(
        Path.of(model),
        ids.ids(),
        new DecoderSubject.Settings(cache, request.numbers().activations()));
  }

  private Certificate onnx() {
    if (request.against().isPresent()) {
      throw new RequestException("certify: --against is for language models");
    }
    try (OnnxFile file = OnnxFile.open(Path.of(request.model()));
        Arena arena = Arena.ofShared()) {
      ModelInputs modelInputs = new ModelInputs(file);
      Map<String, Tensor> given = onnxInputs(file, modelInputs, arena);
      ImportOptions options =
          ImportOptions.usual().withSymbols(modelInputs.exactSymbols(given)).withInputs(given);
      Subject subject =
          new OnnxSubject(file.path(), OnnxImporter.load(file, arena, options).graph(), given);
      return certify(subject, subject);
    }
  }

  private Map<String, Tensor> onnxInputs(OnnxFile file, ModelInputs inputs, Arena arena) {
    return switch (request.inputs()) {
      case CertifyRequest.Inputs.Data data ->
          OnnxTestCase.read(file, Path.of(data.folder()), arena).inputs();
      case CertifyRequest.Inputs.Drawn drawn -> {
        RunInputs runInputs = new RunInputs(inputs);
        runInputs.setDims(drawn.dims());
        runInputs.draw(drawn.seed()).forEach(console::say);
        yield runInputs.tensors();
      }
      case CertifyRequest.Inputs.Ids ids ->
          throw new RequestException("certify: an ONNX model takes --data FOLDER, or --random");
    };
  }

  private Certificate certify(Subject first, Subject second) {
    Optional<Place> truth =
        request.numbers().truth() && hasRoomForTruth()
            ? Optional.of(truthPlace())
            : Optional.empty();
    Certifier certifier =
        new Certifier(
            new Certifier.Request(
                new Certifier.Side(first, place(request.on().get(0))),
                new Certifier.Side(second, place(request.on().get(1))),
                truth,
                request.numbers().sample(),
                request.limits(),
                request.toJson()),
            Main.VERSION,
            stage -> console.say("certify: " + stage));
    return certifier.certify();
  }

  /** The processor without any setting: none may spoil the truth. */
  private Place truthPlace() {
    return new Place(
        "cpu", Place.EXACT, false, threads -> Devices.open("cpu", DeviceOptions.DEFAULT));
  }

  /** In f64 the weights must fit into half of the memory. */
  private boolean hasRoomForTruth() {
    if (isOnnx(request.model())) {
      return true;
    }
    long elements;
    try (TensorFile file = ModelPath.open(Path.of(request.model()))) {
      elements = file.tensors().values().stream().mapToLong(tensor -> tensor.elements()).sum();
    }
    long memory;
    try (Device device = Devices.open("cpu", DeviceOptions.DEFAULT)) {
      memory = device.info().memoryBytes();
    }
    boolean fits = memory == 0 || elements <= memory / 2 / Double.BYTES;
    if (!fits) {
      console.say(
          "certify: no comparison with f64: the weights would take "
              + Text.bytes(elements * Double.BYTES)
              + " of "
              + Text.bytes(memory));
    }
    return fits;
  }

  private Place place(String name) {
    return new Place(
        name,
        Place.EXACT,
        Devices.isProcessor(name),
        threads -> {
          Device made =
              Devices.open(
                  name, new DeviceOptions(threads.orElse(request.threads()), request.settings()));
          for (String note : made.info().notes()) {
            if (said.add(name + note)) {
              console.say(name + ": " + note);
            }
          }
          return made;
        });
  }

  /** Names that stand for two sides: one is enough where models or caches tell them apart. */
  static List<String> sides(List<String> on, boolean areTold) {
    if (on.size() == 2) {
      return on;
    }
    if (on.size() == 1 && areTold) {
      return List.of(on.getFirst(), on.getFirst());
    }
    throw new RequestException(
        "certify: --on takes two devices, such as --on cpu,opencl or --on cpu:avx2,cpu:avx512"
            + (areTold ? ", or one" : "; or one with --against OTHER, or with --cache f16,q8_0")
            + "; got "
            + on);
  }
}
