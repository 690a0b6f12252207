package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OldClassesTest {
  @TempDir private Path folder;

  /** A class of Java 5 with a method that branches, which verifiers of today want a table for. */
  private static byte[] larger(int version) {
    ClassFile writer =
        ClassFile.of(
            version < ClassFile.JAVA_6_VERSION
                ? ClassFile.StackMapsOption.DROP_STACK_MAPS
                : ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
    MethodTypeDesc type =
        MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int);
    return writer.build(
        ClassDesc.of("Larger"),
        builder ->
            builder
                .withVersion(version, 0)
                .withMethodBody(
                    "of",
                    type,
                    ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                    code -> {
                      var second = code.newLabel();
                      code.iload(0)
                          .iload(1)
                          .if_icmplt(second)
                          .iload(0)
                          .ireturn()
                          .labelBinding(second)
                          .iload(1)
                          .ireturn();
                    }));
  }

  private Path jar(int version) throws IOException {
    Path jar = folder.resolve("old.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("Larger.class"));
      out.write(larger(version));
      out.putNextEntry(new ZipEntry("note.txt"));
      out.write("kept".getBytes(StandardCharsets.UTF_8));
    }
    return jar;
  }

  @Test
  void anOldClassIsWrittenAgainAndDoesWhatItDid() throws Exception {
    Path jar = jar(ClassFile.JAVA_5_VERSION);
    assertThat(OldClasses.update(jar)).isTrue();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
      byte[] bytes = loader.getResourceAsStream("Larger.class").readAllBytes();
      assertThat(ClassFile.of().parse(bytes).elementStream())
          .anySatisfy(element ->
              assertThat(element)
                  .isInstanceOfSatisfying(
                      ClassFileVersion.class,
                      version ->
                          assertThat(version.majorVersion())
                              .isEqualTo(ClassFile.latestMajorVersion())));
      Class<?> larger = Class.forName("Larger", true, loader);
      assertThat(larger.getMethod("of", int.class, int.class).invoke(null, 3, 5)).isEqualTo(5);
      assertThat(loader.getResourceAsStream("note.txt")).hasContent("kept");
    }
    assertThat(OldClasses.update(jar)).as("a second time").isFalse();
  }

  @Test
  void aJarOfNewerClassesStaysAsItIs() throws IOException {
    Path jar = jar(ClassFile.JAVA_8_VERSION);
    byte[] before = Files.readAllBytes(jar);
    assertThat(OldClasses.update(jar)).isFalse();
    assertThat(jar).hasBinaryContent(before);
    assertThat(folder)
        .isDirectoryContaining("glob:**old.jar")
        .isDirectoryNotContaining("glob:**new");
  }
}
