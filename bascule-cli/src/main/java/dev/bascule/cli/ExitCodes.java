package dev.bascule.cli;

import dev.bascule.core.DataException;
import dev.bascule.core.ShapeException;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.UnwritableException;
import dev.bascule.plan.PlanException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What a process answers: 0 done, 1 the work failed, 2 the request was wrong. */
final class ExitCodes {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int WRONG_REQUEST = 2;

  private ExitCodes() {}

  /** The code for a command that ended in {@code problem}. */
  static int of(Exception problem) {
    return switch (problem) {
      case RequestException e -> WRONG_REQUEST;
      case FormatException e -> WRONG_REQUEST;
      case ShapeException e -> WRONG_REQUEST;
      case DataException e -> WRONG_REQUEST;
      case PlanException e -> WRONG_REQUEST;
      case UnwritableException e -> WRONG_REQUEST;
      default -> FAILED;
    };
  }

  /** One clear message; what nobody expected says that it is our fault. */
  static String message(Exception problem) {
    String text = problem.getMessage() == null ? "" : problem.getMessage();
    return switch (problem) {
      case RequestException e -> text;
      case FormatException e -> text;
      case ShapeException e -> text;
      case DataException e -> text;
      case PlanException e -> text;
      case dev.bascule.core.DeviceException e -> text;
      case UnwritableException e -> text;
      case UncheckedIOException e ->
          java.util.Optional.ofNullable(e.getCause()).map(ExitCodes::file).orElse(text);
      case IOException e -> file(e);
      default ->
          "internal error: "
              + problem
              + "; this is a fault of Bascule: run it again with --debug and report what it prints";
    };
  }

  private static String file(IOException e) {
    return switch (e) {
      case NoSuchFileException none ->
          none.getFile() + ": there is no such file, or no folder to make it in; check the path";
      case AccessDeniedException denied ->
          denied.getFile() + ": access is denied; check its permissions, or take another path";
      case FileSystemException file ->
          file.getFile() + ": " + file.getReason() + "; take another path";
      default -> "file: " + e.getMessage();
    };
  }
}
