package dev.bascule.cli;

import dev.bascule.conformance.SelfTest;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceInfo;
import dev.bascule.core.device.LibraryKernel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bascule devices}: what there is, what each can do, and whether it does it right. */
@Command(
    name = "devices",
    description = {
      "Lists the devices, what each can do, and tests each.",
      "The test runs small graphs of every op and compares them bit for bit with the reference.",
      "With --device, that device alone."
    },
    sortOptions = false)
final class DevicesCommand implements Callable<Integer> {
  @Option(names = "--no-test", description = "leave out the self-test")
  private boolean untested;

  private final Main main;
  private final Console console;

  DevicesCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  /** A device and what its self-test found. */
  private record Tested(DeviceInfo info, List<String> library, int cases, List<String> failures) {}

  @Override
  public Integer call() {
    List<Tested> tested = new ArrayList<>();
    List<Devices.Absent> absent;
    try (Devices.Survey survey = survey()) {
      absent = survey.absent();
      SelfTest test = new SelfTest();
      long total = untested ? 0 : (long) test.size() * survey.devices().size();
      try (Progress progress =
          new Progress(console, "self-test", total, Console.errorIsTerminal())) {
        for (Device device : survey.devices()) {
          tested.add(test(device, test, progress));
        }
      }
    }
    if (main.json()) {
      console.out().println(json(tested, absent));
    } else {
      print(tested, absent);
    }
    boolean passed = tested.stream().allMatch(device -> device.failures().isEmpty());
    return passed ? ExitCodes.DONE : ExitCodes.FAILED;
  }

  /** All devices, or the one that is asked for. */
  private Devices.Survey survey() {
    return main.openNamedDevice()
        .map(device -> new Devices.Survey(List.of(device), List.of()))
        .orElseGet(() -> Devices.survey(main.deviceOptions()));
  }

  private Tested test(Device device, SelfTest test, Progress progress) {
    List<String> library = device.library().stream().map(LibraryKernel::name).toList();
    if (untested) {
      return new Tested(device.info(), library, 0, List.of());
    }
    String id = device.info().id();
    List<String> failures = test.failures(device, name -> progress.step(id + ": " + name));
    return new Tested(device.info(), library, test.size(), failures);
  }

  private void print(List<Tested> tested, List<Devices.Absent> absent) {
    for (Tested device : tested) {
      DeviceInfo info = device.info();
      console.out().println(info.id() + ": " + info.description());
      if (info.memoryBytes() > 0) {
        console.out().println("  memory     " + Text.bytes(info.memoryBytes()));
      }
      console
          .out()
          .println(
              "  kernels    every elementwise, reduction and movement op, fused"
                  + (device.library().isEmpty()
                      ? "; products by decomposition"
                      : "; by hand: " + String.join(", ", device.library())));
      info.notes().forEach(note -> console.out().println("  note       " + note));
      if (device.cases() > 0) {
        console.out().println("  self-test  " + outcome(device));
        device.failures().forEach(failure -> console.out().println("    " + failure));
      }
    }
    absent.forEach(driver -> console.out().println(driver.driver() + ": none. " + driver.reason()));
  }

  private static String outcome(Tested device) {
    return device.failures().isEmpty()
        ? "passed: " + device.cases() + " cases, every bit as the reference"
        : "FAILED in " + Text.count(device.failures().size(), "place");
  }

  private static String json(List<Tested> tested, List<Devices.Absent> absent) {
    List<Map<String, Object>> devices = new ArrayList<>();
    for (Tested device : tested) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("id", device.info().id());
      json.put("description", device.info().description());
      json.put("memoryBytes", device.info().memoryBytes());
      json.put("library", device.library());
      json.put("notes", device.info().notes());
      json.put("cases", device.cases());
      json.put("failures", device.failures());
      devices.add(json);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("devices", devices);
    json.put(
        "absent",
        absent.stream()
            .map(driver -> Map.of("driver", driver.driver(), "reason", driver.reason()))
            .toList());
    return JsonText.of(json);
  }
}
