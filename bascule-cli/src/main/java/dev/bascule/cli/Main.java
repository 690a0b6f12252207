package dev.bascule.cli;

import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code bascule} command, and the options that all its commands take. */
@Command(
    name = "bascule",
    description = "Runs AI models on whatever chip there is.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    version = "bascule " + Main.VERSION,
    sortOptions = false,
    usageHelpAutoWidth = false,
    footer = {"", "Exit codes: 0 done, 1 the work failed, 2 the request was wrong."})
public final class Main implements Runnable {
  private static final int THREADS_MAX = 1024;
  static final String VERSION = "0.1.0-SNAPSHOT";

  @Option(
      names = "--device",
      paramLabel = "D",
      scope = ScopeType.INHERIT,
      description = "where to run: cpu, cpu:avx2, opencl, opencl:1, reference (default: cpu)")
  private @Nullable String device;

  @Option(
      names = "--numerics",
      paramLabel = "N",
      defaultValue = "exact",
      scope = ScopeType.INHERIT,
      description = "exact: the same bits on every device (default); fast: not there yet")
  private String numerics = "exact";

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      scope = ScopeType.INHERIT,
      description = "worker threads of the cpu device (default: one for each processor)")
  private int threads;

  @Option(
      names = "--cpu-isa",
      paramLabel = "ISA",
      scope = ScopeType.INHERIT,
      description = "portable, avx2 or avx512 (default: the best there is)")
  private @Nullable String cpuIsa;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      scope = ScopeType.INHERIT,
      description = "a setting of a device, such as opencl.schedule=gpu")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--explain",
      scope = ScopeType.INHERIT,
      description = "print which kernels run, why, and the memory")
  private boolean explain;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "print the result for a program to read")
  private boolean json;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "print the stack trace of an error")
  private boolean debug;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Console console;

  Main(Console console) {
    this.console = console;
  }

  boolean json() {
    return json;
  }

  boolean explain() {
    return explain;
  }

  boolean debug() {
    return debug;
  }

  /** The device asked for, or the usual one; the caller closes it. It says now what it has to. */
  Device openDevice() {
    Device opened = openDevice(device == null ? "cpu" : device);
    opened.info().notes().forEach(note -> console.say(opened.info().id() + ": " + note));
    return opened;
  }

  /** The name of the device asked for, if one is. */
  Optional<String> deviceName() {
    return Optional.ofNullable(device);
  }

  /** The device asked for, if one is; the caller closes it. */
  Optional<Device> openNamedDevice() {
    return deviceName().map(this::openDevice);
  }

  private Device openDevice(String name) {
    if (cpuIsa != null && !name.equals("cpu")) {
      throw new RequestException(
          "--cpu-isa is for the device cpu, and --device is '" + name + "'; leave one out");
    }
    return Devices.open(name, deviceOptions());
  }

  /** The settings of all devices, checked. */
  DeviceOptions deviceOptions() {
    switch (numerics) {
      case "exact" -> {}
      case "fast" ->
          throw new RequestException(
              "--numerics fast: no device has fast kernels yet, so the numbers would be the exact ones; leave it out");
      default ->
          throw new RequestException(
              "--numerics is exact or fast, not "
                  + Text.quote(numerics)
                  + "; exact is the default");
    }
    if (threads < 0 || threads > THREADS_MAX) {
      throw new RequestException(
          "--threads must be 1 to " + THREADS_MAX + " (0: all), not " + threads);
    }
    Devices.requireDrivers(settings.keySet());
    Map<String, String> properties = new LinkedHashMap<>(settings);
    if (cpuIsa != null) {
      properties.put("cpu.isa", cpuIsa);
    }
    return new DeviceOptions(threads, properties);
  }

  /** Without a command: what there is. */
  @Override
  public void run() {
    spec.commandLine().usage(console.out());
  }

  /**
   * Adds the commands that the arguments name, or all where they name none: reading the annotations
   * of all would be a tenth of a start.
   */
  private void addCommands(CommandLine line, List<String> args) {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("devices", () -> new DevicesCommand(this, console));
    commands.put("run", () -> new RunCommand(this, console));
    commands.put("verify", () -> new VerifyCommand(this, console));
    commands.put("embed", () -> new EmbedCommand(this, console));
    commands.put("chat", () -> new ChatCommand(this, console));
    commands.put("generate", () -> new GenerateCommand(this, console));
    commands.put("tokenize", () -> new TokenizeCommand(this, console));
    commands.put("inspect", () -> new InspectCommand(this, console));
    commands.put("quantize", () -> new QuantizeCommand(this, console));
    commands.put("bench", () -> new BenchCommand(this, console));
    commands.put("certify", () -> new CertifyCommand(this, console));
    commands.put("fetch", () -> new FetchCommand(console));
    commands.put("plan", () -> PlanCommand.of(this, console));
    boolean namesNone = Collections.disjoint(args, commands.keySet());
    commands.forEach((name, command) -> {
      if (namesNone || args.contains(name)) {
        line.addSubcommand(name, command.get());
      }
    });
  }

  /** Runs one command line; gives the exit code. */
  static int run(Console console, String... args) {
    Main main = new Main(console);
    CommandLine line = new CommandLine(main);
    main.addCommands(line, List.of(args));
    line.setOut(console.out());
    line.setErr(console.err());
    line.setExecutionExceptionHandler((problem, failed, parsed) -> {
      console.say(ExitCodes.message(problem));
      if (main.debug()) {
        problem.printStackTrace(console.err());
      }
      return ExitCodes.of(problem);
    });
    line.setParameterExceptionHandler((problem, given) -> {
      console.say(wrong(problem));
      return ExitCodes.WRONG_REQUEST;
    });
    int code = line.execute(args);
    Optional<String> lost = console.lostOutput();
    lost.ifPresent(target ->
        console.say(
            "writing "
                + target
                + ", the standard output: not all could be written; free some space, or send it"
                + " elsewhere"));
    console.err().flush();
    return lost.isPresent() ? ExitCodes.WRONG_REQUEST : code;
  }

  /** What is wrong with a command line, in one line, and where to read what would be right. */
  private static String wrong(ParameterException problem) {
    CommandLine command = problem.getCommandLine();
    String message =
        String.valueOf(problem.getMessage())
            .replaceAll("\\s+", " ")
            .replaceFirst("is not an? (int|long)$", "is not a whole number")
            .replaceFirst("is not an? (float|double)$", "is not a number");
    if (problem instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().getFirst();
      boolean isCommand = !command.getSubcommands().isEmpty() && !first.startsWith("-");
      message = isCommand ? "there is no command " + Text.quote(first) : message;
      List<String> near = unmatched.getSuggestions();
      message += near.isEmpty() ? "" : "; perhaps " + String.join(" or ", near);
    }
    return message + "; see " + command.getCommandSpec().qualifiedName() + " --help";
  }

  public static void main(String[] args) {
    System.exit(run(Console.ofProcess(), args));
  }
}
