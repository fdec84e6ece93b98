"""Enters a room's chat, answers who greets it, and prints what is said: python3 chat.py HOST PORT NAME [ROOM].

Ends when somebody says "bye NAME". Needs nothing but Python's own library and bot.py beside it;
docs/socket.md describes the messages.
"""

import sys

from bot import Socket


def main():
    host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    path = f"/r/{sys.argv[4]}/socket" if len(sys.argv) > 4 else "/socket"
    server = Socket(host, port, path)
    server.send(type="enter", id="enter", name=name)
    you, asked = None, 0
    while True:
        message = server.receive()
        if message["type"] == "answer" and message["id"] == "enter":
            you = message["chat"]["you"]["who"]
            print("here are", ", ".join(person["name"] for person in message["chat"]["people"]), flush=True)
        elif message["type"] == "refused":
            print("refused:", message["error"], flush=True)
            if you is None:
                return
        elif message["type"] == "people":
            for person in message["joined"]:
                print(person["name"], "came", flush=True)
        elif message["type"] == "chat":
            for said in message["messages"]:
                if said.get("gone") or said.get("gift") or said["who"] == you:
                    continue
                print(f"{said['name']}: {said['text']}", flush=True)
                if said["text"] == f"bye {name}":
                    return
                if said["text"].lower().startswith(f"hello {name.lower()}"):
                    asked += 1
                    server.send(type="say", id=asked, text=f"Hello {said['name']}! :wave:", reply=said["seq"])
        elif message["type"] == "left":
            print("out:", message["why"], flush=True)
            return


if __name__ == "__main__":
    main()
