# make demo    analyse a dermoscopic image with the default model (IMAGE=photo.jpg for your own)
# make test    everything that the project tests
.PHONY: demo test setup build check fuzz format install clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

setup:
	@Scripts/setup.sh

build: setup
	@Scripts/build.sh --product cutis

demo: setup
	@Scripts/demo.sh $(IMAGE)

test: setup
	@Scripts/check.sh

# make check   the same as make test
check: test

# make fuzz    100,000 malformed inputs through every parser
fuzz: setup
	@Scripts/fuzz.sh

# make soak FOLDER=images/   200,000 requests, 200 kills and 100 model swaps against `cutis serve` on 127.0.0.1
.PHONY: soak
FOLDER ?= ../shared/data/ham10000/images
soak: build
	@python3 Benchmarks/service/endurance.py soak $(FOLDER)
	@python3 Benchmarks/service/endurance.py kill $(FOLDER)
	@python3 Benchmarks/service/endurance.py swap $(FOLDER)

# make check-api   fuzzes the API of `cutis serve` by its own description (needs schemathesis: docs/service.md)
.PHONY: check-api
check-api: build
	@Scripts/check-api.sh

# make install PREFIX=/usr/local   binary and model onto the system; LibTorch stays in this folder
PREFIX ?= /usr/local
install: build
	@install -D -m 755 .build/release/cutis $(DESTDIR)$(PREFIX)/bin/cutis
	@mkdir -p $(DESTDIR)$(PREFIX)/share/cutis
	@cp -r Models .build/release/Cutis_CutisServer.resources $(DESTDIR)$(PREFIX)/share/cutis/
	@echo "installed $(PREFIX)/bin/cutis"

# make format  rewrites the sources in the house style
format:
	@swift format --in-place --parallel --recursive Sources Tests Package.swift

# make clean   removes what was built (LibTorch stays)
clean:
	@rm -rf .build
