package dev.bascule.cli;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.ModelShape;
import dev.bascule.plan.report.Grid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bascule plan models}: the shapes that are known, or that of a file. */
@Command(
    name = "models",
    description = "Lists models: parameters, cache and operations of a token.",
    sortOptions = false)
final class PlanModelsCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "MODEL",
      arity = "0..*",
      description = "names, model folders, config.json or GGUF files")
  private List<String> names = new ArrayList<>();

  @Mixin private PlanFacts facts = new PlanFacts();

  private final Main main;
  private final Console console;

  PlanModelsCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() {
    Catalogue catalogue = facts.catalogue();
    List<ModelShape> models =
        names.isEmpty() ? catalogue.models() : names.stream().map(catalogue::model).toList();
    Grid grid =
        new Grid(
            "model",
            "params 1e9",
            "published",
            "difference",
            "active 1e9",
            "attention",
            "KV bytes/token (bf16)",
            "GFLOP/token",
            "context",
            "row");
    for (ModelShape model : models) {
      grid.row(
          model.name(),
          Text.format("%.2f", model.parameters() / 1e9),
          model.publishedParameters().map(p -> Text.format("%.1f", p / 1e9)).orElse("-"),
          model
              .publishedParameters()
              .map(p -> Text.format("%+.2f %%", 100 * (model.parameters() / p - 1)))
              .orElse("-"),
          Text.format("%.2f", model.activeParameters() / 1e9),
          model.latent().isPresent() ? "MLA" : model.kvHeads() < model.heads() ? "GQA" : "MHA",
          2 * model.kvNumbersPerToken(),
          Figure.digits(
              2.0
                  * (model.activeParameters()
                      - (model.tiedEmbeddings() ? 0 : model.embeddingParameters()))
                  / 1e9),
          model.context(),
          model.row().place());
    }
    console
        .out()
        .println(
            main.json()
                ? JsonText.of(Map.of("models", grid.objects()))
                : grid.text().stripTrailing());
    return ExitCodes.DONE;
  }
}
