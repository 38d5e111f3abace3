// SPDX-License-Identifier: MIT

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The JDK's HttpServer, with CUDA in a native library (gpu_java.c): Serve PORT LIBRARY. */
public class Serve {
    private static native void use();

    private static native int character(int index);

    private static byte[] answer() {
        use();
        StringBuilder line = new StringBuilder();
        for (int i = 0; character(i) != 0; i++) {
            line.append((char) character(i));
        }
        return line.toString().getBytes();
    }

    public static void main(String[] arguments) throws IOException {
        System.load(arguments[1]);
        int port = Integer.parseInt(arguments[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 64);
        server.createContext("/", exchange -> {
            byte[] body = answer();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
