this is not javascript
