package dev.bascule.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Writes the classes of a program's jars again where they are of a version before Java 6, with
 * tables for the verifier of today: the JVM keeps no older class in its start cache, and verifies
 * it anew in each start. Picocli's 228 classes were a tenth of a start. Run when the program is
 * built, by the {@code bascule} script.
 */
final class OldClasses {
  private static final int OLDEST_KEPT = ClassFile.JAVA_6_VERSION;

  private OldClasses() {}

  /** Takes jars; those with old classes are replaced. */
  public static void main(String[] jars) throws IOException {
    for (String jar : jars) {
      update(Path.of(jar));
    }
  }

  /** Replaces {@code jar} if there are old classes in it; says whether there were. */
  static boolean update(Path jar) throws IOException {
    Path next = jar.resolveSibling(jar.getFileName() + ".new");
    boolean found;
    try (ZipFile old = new ZipFile(jar.toFile());
        URLClassLoader classes = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
      found = old.stream().anyMatch(entry -> isOld(old, entry));
      if (found) {
        write(old, classes, next);
      }
    }
    if (found) {
      Files.move(next, jar, StandardCopyOption.REPLACE_EXISTING);
    }
    return found;
  }

  private static boolean isOld(ZipFile jar, ZipEntry entry) {
    if (!entry.getName().endsWith(".class")) {
      return false;
    }
    try (var in = jar.getInputStream(entry)) {
      byte[] head = in.readNBytes(8);
      return head.length == 8 && (head[6] << 8 | head[7] & 0xff) < OLDEST_KEPT;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(ZipFile old, ClassLoader classes, Path next) throws IOException {
    ClassFile writer =
        ClassFile.of(
            ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(classes)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    try (ZipOutputStream jar =
        new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(next)))) {
      for (ZipEntry entry : Collections.list(old.entries())) {
        byte[] bytes = old.getInputStream(entry).readAllBytes();
        jar.putNextEntry(new ZipEntry(entry.getName()));
        jar.write(isOld(old, entry) ? updated(writer, bytes) : bytes);
        jar.closeEntry();
      }
    }
  }

  private static byte[] updated(ClassFile writer, byte[] bytes) {
    ClassModel model = writer.parse(bytes);
    ClassTransform version =
        ClassTransform.dropping(ClassFileVersion.class::isInstance)
            .andThen(
                ClassTransform.endHandler(to -> to.withVersion(ClassFile.latestMajorVersion(), 0)));
    // code that passes through is written anew, and gets its tables so
    ClassTransform code =
        ClassTransform.transformingMethodBodies(
            CodeTransform.ofStateful(() -> (to, element) -> to.with(element)));
    return writer.transformClass(model, version.andThen(code));
  }
}
