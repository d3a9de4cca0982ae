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
final class Shared<T extends Serializable> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final T carried;
  private final Broadcast<Packed<T>> broadcast;
  private transient T value;

  private Shared(T carried, Broadcast<Packed<T>> broadcast) {
    this.carried = carried;
    this.broadcast = broadcast;
  }

  /** A small value, which tasks carry. */
  static <T extends Serializable> Shared<T> carried(T value) {
    return new Shared<>(value, null);
  }

  /** A large value, through the active session. */
  static <T extends Serializable> Shared<T> broadcast(T value) {
    JavaSparkContext spark =
        JavaSparkContext.fromSparkContext(SparkSession.active().sparkContext());
    return new Shared<>(null, spark.broadcast(new Packed<>(value)));
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
    private transient T value;

    Packed(T value) {
      ByteBuffer buffer = serializer().serialize(value, ClassTag.apply(Object.class));
      this.bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
    }

    synchronized T get() {
      if (value == null) {
        value =
            serializer()
                .deserialize(
                    ByteBuffer.wrap(bytes),
                    Shared.class.getClassLoader(),
                    ClassTag.apply(Object.class));
      }

      return value;
    }

    private static SerializerInstance serializer() {
      return SparkEnv.get().closureSerializer().newInstance();
    }
  }
}
