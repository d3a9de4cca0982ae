package io.sparknorm.kernels.moments;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Moments to bytes and back. */
final class States {
  private States() {}

  static byte[] of(Moments moments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      moments.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    return bytes.toByteArray();
  }

  static Moments read(byte[] state) {
    try {
      return Moments.read(new DataInputStream(new ByteArrayInputStream(state)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
