package io.sparknorm.spark.functions;

import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.sql.SparkSession;
import scala.reflect.ClassTag;

/**
 * A value that the tasks of an executor have in common. What a task carries is copied for each of
 * them, so a large value is broadcast instead: it travels to an executor once and is there once.
 *
 * @param <T> immutable, or safe for use by several threads
 */
final class Shared<T> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final T carried;
  private final Broadcast<Packed<T>> broadcast;
  private transient T value;

  private Shared(T carried, Broadcast<Packed<T>> broadcast) {
    this.carried = carried;
    this.broadcast = broadcast;
  }

  /**
   * Makes a value of bytes.
   *
   * @param <T> the value
   */
  @FunctionalInterface
  interface Unpacking<T> extends Serializable {
    T unpack(byte[] bytes);
  }

  /** A small value, which tasks carry. */
  static <T extends Serializable> Shared<T> carried(T value) {
    return new Shared<>(value, null);
  }

  /** A large value, through the active session. */
  static <T extends Serializable> Shared<T> broadcast(T value) {
    return broadcast(new Packed<>(value));
  }

  /** A value that every executor makes of bytes, which travel as they are. */
  static <T> Shared<T> broadcast(byte[] bytes, Unpacking<T> unpacking) {
    return broadcast(new Packed<>(bytes, unpacking));
  }

  private static <T> Shared<T> broadcast(Packed<T> packed) {
    JavaSparkContext spark =
        JavaSparkContext.fromSparkContext(SparkSession.active().sparkContext());
    return new Shared<>(null, spark.broadcast(packed));
  }

  T get() {
    if (value == null) {
      value = broadcast == null ? carried : broadcast.value().get(); // which takes a lock
    }

    return value;
  }

  /**
   * A value packed as Spark packs what tasks carry. A broadcast goes by {@code spark.serializer},
   * and Kryo cannot read records.
   */
  static final class Packed<T> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final byte[] bytes;
    private final byte[] unpacking;
    private transient T value;

    @SuppressWarnings("unchecked")
    Packed(T value) {
      this(bytes(value), bytes -> (T) object(bytes));
    }

    Packed(byte[] bytes, Unpacking<T> unpacking) {
      this.bytes = bytes;
      this.unpacking = bytes(unpacking);
    }

    @SuppressWarnings("unchecked")
    synchronized T get() {
      if (value == null) {
        value = ((Unpacking<T>) object(unpacking)).unpack(bytes);
      }

      return value;
    }

    private static byte[] bytes(Object object) {
      ByteBuffer buffer = serializer().serialize(object, ClassTag.apply(Object.class));
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return bytes;
    }

    private static Object object(byte[] bytes) {
      return serializer()
          .deserialize(
              ByteBuffer.wrap(bytes), Shared.class.getClassLoader(), ClassTag.apply(Object.class));
    }

    private static SerializerInstance serializer() {
      return SparkEnv.get().closureSerializer().newInstance();
    }
  }
}
