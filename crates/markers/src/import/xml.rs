//! XML as a small tree, bounded in depth and size. Entities beyond the five of XML and external definitions
//! are refused; a damaged file gives the tree up to the damage.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::error::ImportError;

/// Deepest nesting; compound clips in compound clips stay far below.
const MAX_DEPTH: usize = 200;
/// Most elements; an hour-long feature film project has some hundred thousand.
const MAX_ELEMENTS: usize = 2_000_000;

/// An element with its attributes, its child elements and its own text.
#[derive(Debug, Default)]
pub(super) struct XmlElement {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub children: Vec<XmlElement>,
    pub text: String,
}

impl XmlElement {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The trimmed text of the first child of this name.
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// Every element of this name below this one, in document order, not looking inside those found.
    pub fn outermost<'a>(&'a self, name: &str) -> Vec<&'a Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            } else {
                found.extend(child.outermost(name));
            }
        }
        found
    }
}

/// The root element, and a warning when the file is damaged behind it.
pub(super) fn parse(text: &str) -> Result<(XmlElement, Option<String>), ImportError> {
    let mut reader = Reader::from_str(text);
    let mut builder = Builder {
        stack: vec![XmlElement::default()],
        elements: 0,
    };
    let damage = loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => builder.open(&start)?,
            Ok(Event::Empty(start)) => {
                builder.open(&start)?;
                builder.close();
            }
            Ok(Event::End(_)) => builder.close(),
            Ok(Event::Text(text)) => builder.push_text(&text),
            Ok(Event::CData(text)) => builder.push_text(&text),
            Ok(Event::GeneralRef(reference)) => {
                let escaped = format!("&{};", &*reference);
                builder.push_text(&unescape(&escaped).map_err(|_| ImportError::XmlEntities)?);
            }
            Ok(Event::DocType(definition)) => {
                if definition.contains(['[', '"', '\'']) {
                    return Err(ImportError::XmlEntities);
                }
            }
            Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {}
            Ok(Event::Eof) => break None,
            Err(error) => break Some(format!("damaged from byte {}: {error}", reader.error_position())),
        }
    };
    let is_open = builder.stack.len() > 1;
    while builder.stack.len() > 1 {
        builder.close();
    }
    let root = builder
        .stack
        .pop()
        .and_then(|document| document.children.into_iter().next());
    let root = root.ok_or(ImportError::NoXmlElement)?;
    let warning = damage.or_else(|| is_open.then(|| "ends in the middle".to_owned()));
    Ok((root, warning))
}

struct Builder {
    /// Open elements; the first is the document itself.
    stack: Vec<XmlElement>,
    elements: usize,
}

impl Builder {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), ImportError> {
        self.elements += 1;
        if self.stack.len() > MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(ImportError::TooLarge);
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes().flatten() {
            let value = unescape(&attribute.value).map_err(|_| ImportError::XmlEntities)?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.stack.push(XmlElement {
            name: start.name().as_ref().to_owned(),
            attributes,
            ..XmlElement::default()
        });
        Ok(())
    }

    fn close(&mut self) {
        if self.stack.len() > 1
            && let Some(element) = self.stack.pop()
            && let Some(parent) = self.stack.last_mut()
        {
            parent.children.push(element);
        }
    }

    fn push_text(&mut self, text: &str) {
        if let Some(element) = self.stack.last_mut() {
            element.text.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_unescaped() {
        let (root, warning) = parse(
            "<?xml version=\"1.0\"?><!DOCTYPE a><a b=\"x &amp; &#10;y\">1 &lt; 2<c/><![CDATA[<3>]]></a>",
        )
        .unwrap();
        assert_eq!(
            (root.attribute("b"), root.text.as_str()),
            (Some("x & \ny"), "1 < 2<3>")
        );
        assert!(root.child("c").is_some() && warning.is_none());
    }

    #[test]
    fn entities_and_external_definitions_are_refused() {
        for text in [
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
            "<!DOCTYPE a PUBLIC '-//X' 'http://x'><a/>",
            "<a>&x;</a>",
            "<a b=\"&x;\"/>",
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, ImportError::XmlEntities), "{text}");
        }
    }

    #[test]
    fn damage_ends_the_tree_and_depth_is_bounded() {
        let (root, warning) = parse("<a><b/><c></d>").unwrap();
        assert!(root.child("b").is_some() && warning.is_some());
        let deep = parse(&"<a>".repeat(100_000));
        assert!(matches!(deep, Err(ImportError::TooLarge)));
        assert!(parse("no xml").is_err());
    }
}
