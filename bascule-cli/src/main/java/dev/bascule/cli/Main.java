package dev.bascule.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code bascule} command. */
@Command(
    name = "bascule",
    description = "Runs AI models on whatever chip there is.",
    mixinStandardHelpOptions = true,
    version = "bascule 0.1.0-SNAPSHOT")
public final class Main implements Runnable {

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }
}
