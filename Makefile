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

# make install PREFIX=/usr/local   binary and model onto the system; LibTorch stays in this folder
PREFIX ?= /usr/local
install: build
	@install -D -m 755 .build/release/cutis $(DESTDIR)$(PREFIX)/bin/cutis
	@mkdir -p $(DESTDIR)$(PREFIX)/share/cutis
	@cp -r Models $(DESTDIR)$(PREFIX)/share/cutis/
	@echo "installed $(PREFIX)/bin/cutis"

# make format  rewrites the sources in the house style
format:
	@swift format --in-place --parallel --recursive Sources Tests Package.swift

# make clean   removes what was built (LibTorch stays)
clean:
	@rm -rf .build
